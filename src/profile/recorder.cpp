#include "profile/recorder.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

// LibTorch is built with Kineto; without this its headers describe other structs.
#define USE_KINETO
#include <ATen/record_function.h>
#include <torch/csrc/autograd/profiler_kineto.h>
#include <torch/csrc/profiler/collection.h>

namespace vitlab::profile {

namespace {

namespace kineto = torch::autograd::profiler;
using torch::profiler::impl::ActivityType;
using torch::profiler::impl::EventType;
using torch::profiler::impl::ExtraFields;
using torch::profiler::impl::op_input_t;
using torch::profiler::impl::Result;
using torch::profiler::impl::TensorMetadata;

constexpr std::string_view kScopePrefix = "vitlab node ";

/// Bytes that reading or writing the tensor touches: what a stride of 0 repeats counts once.
graph::Index touched_bytes(const op_input_t& input) {
  const auto* tensor = std::get_if<TensorMetadata>(&input);
  if (tensor == nullptr) return 0;
  graph::Index elements = 1;
  for (std::size_t i = 0; i < tensor->sizes_.size(); ++i)
    if (tensor->strides_[i] != 0) elements *= tensor->sizes_[i];
  return elements * static_cast<graph::Index>(c10::elementSize(tensor->dtype_));
}

struct Moved {
  graph::Index read = 0, written = 0;
};

/// Bytes of every aten::copy_ in the tree, by correlation.
void collect_copies(const std::vector<std::shared_ptr<Result>>& events,
                    std::map<std::uint64_t, Moved>& copies) {
  for (const std::shared_ptr<Result>& event : events) {
    if (const auto* op = std::get_if<ExtraFields<EventType::TorchOp>>(&event->extra_fields_))
      if (op->name_ == "aten::copy_" && op->inputs_.size() >= 2)
        copies[op->correlation_id_] = {touched_bytes(op->inputs_[1]),
                                       touched_bytes(op->inputs_[0])};
    collect_copies(event->children_, copies);
  }
}

bool is_device_work(const kineto::KinetoEvent& event) {
  using libkineto::ActivityType;
  const auto type = static_cast<ActivityType>(event.activityType());
  return type == ActivityType::CONCURRENT_KERNEL || type == ActivityType::GPU_MEMCPY ||
         type == ActivityType::GPU_MEMSET;
}

std::optional<SeenEvent> seen(const kineto::KinetoEvent& event) {
  SeenEvent result{.name = event.name(),
                   .thread = event.startThreadId(),
                   .start_ns = static_cast<std::int64_t>(event.startNs()),
                   .end_ns = static_cast<std::int64_t>(event.endNs()),
                   .correlation = event.correlationId()};
  if (is_device_work(event)) {
    result.kind = SeenEvent::Kind::kDevice;
    result.thread = static_cast<std::uint64_t>(event.deviceResourceId());
    result.correlation = event.linkedCorrelationId();
    return result;
  }
  if (event.deviceType() != c10::DeviceType::CPU) return std::nullopt;
  const auto scope = static_cast<at::RecordScope>(event.scope());
  if (scope == at::RecordScope::USER_SCOPE && result.name.starts_with(kScopePrefix)) {
    result.kind = SeenEvent::Kind::kNode;
    result.node = graph::NodeId(std::stoul(result.name.substr(kScopePrefix.size())));
    return result;
  }
  // Calls of the CUDA runtime carry no LibTorch op.
  if (!result.name.starts_with("aten::")) return std::nullopt;
  return result;
}

}  // namespace

struct NodeScopes::Scope {
  at::RecordFunction function{at::RecordScope::USER_SCOPE};
};

NodeScopes::NodeScopes() = default;
NodeScopes::~NodeScopes() = default;

void NodeScopes::begin(graph::NodeId node) {
  scope_ = std::make_unique<Scope>();
  if (scope_->function.isActive())
    scope_->function.before(std::string(kScopePrefix) + std::to_string(node.number()));
}

void NodeScopes::end() { scope_.reset(); }

std::vector<SeenEvent> recorded(at::Device device, const std::function<void()>& work) {
  // Where there is no GPU Kineto says so on stderr.
  setenv("KINETO_LOG_LEVEL", "9", 0);
  std::set<ActivityType> activities{ActivityType::CPU};
  if (device.is_cuda()) activities.insert(ActivityType::CUDA);
  constexpr bool kWithShapes = true;
  const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO,
                                                     kWithShapes);
  kineto::prepareProfiler(config, activities);
  kineto::enableProfiler(config, activities,
                         {at::RecordScope::FUNCTION, at::RecordScope::USER_SCOPE});
  try {
    work();
  } catch (...) {
    kineto::disableProfiler();
    throw;
  }
  const std::unique_ptr<kineto::ProfilerResult> result = kineto::disableProfiler();
  std::map<std::uint64_t, Moved> copies;
  collect_copies(result->event_tree(), copies);
  std::vector<SeenEvent> events;
  for (const kineto::KinetoEvent& event : result->events()) {
    std::optional<SeenEvent> one = seen(event);
    if (!one) continue;
    const auto moved = copies.find(one->correlation);
    if (one->kind == SeenEvent::Kind::kOp && moved != copies.end()) {
      one->bytes_read = moved->second.read;
      one->bytes_written = moved->second.written;
    }
    events.push_back(std::move(*one));
  }
  std::stable_sort(events.begin(), events.end(), [](const SeenEvent& a, const SeenEvent& b) {
    return a.start_ns != b.start_ns ? a.start_ns < b.start_ns : a.end_ns > b.end_ns;
  });
  return events;
}

}  // namespace vitlab::profile
