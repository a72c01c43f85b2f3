#include "profile/timed_model.h"

#include <new>
#include <utility>

#include <ATen/Parallel.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"
#include "graph/memory_plan.h"
#include "model/device.h"
#include "profile/environment.h"

namespace vitlab::profile {

namespace {

/// What the plan of a forward cannot do without is more than the machine has.
class BatchTooLarge : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void check_own_runtime(const sweep::Protocol& protocol) {
  if (protocol.runtime == sweep::Runtime::kLibtorch) return;
  throw core::UserError("the protocol's runtime " + std::string(core::word_of(protocol.runtime)) +
                        " runs whole files: only libtorch runs a model op by op");
}

std::string gibibytes(double bytes) {
  return std::to_string(static_cast<graph::Index>(bytes / (1 << 30) + 0.5)) + " GiB";
}

void free_kept_memory() {
  const c10::InferenceMode guard;
  if (at::globalContext().hasCUDA()) at::getDeviceAllocator(at::kCUDA)->emptyCache();
}

}  // namespace

NamedGraph untrained_model(std::string name, const architecture::ModelSpec& spec) {
  graph::Graph graph = architecture::build_graph(spec);
  model::Weights weights = model::initial_weights(graph, 0);
  return {std::move(name), std::move(graph), std::move(weights)};
}

SubnormalsFlushed::SubnormalsFlushed(bool wanted) : wanted_(wanted) {
  if (wanted_) at::globalContext().setFlushDenormal(true);
}

SubnormalsFlushed::~SubnormalsFlushed() {
  if (wanted_) at::globalContext().setFlushDenormal(false);
}

ThreadsInUse::ThreadsInUse(graph::Index threads) : before_(at::get_num_threads()) {
  model::set_threads(static_cast<int>(threads));
}

ThreadsInUse::~ThreadsInUse() { at::set_num_threads(before_); }

/// Linux hands out memory that it does not have and later ends the program, so that a forward which
/// cannot fit is refused before it starts.
void check_forward_fits(const graph::Graph& graph, const sweep::Protocol& protocol) {
  if (protocol.device != "cpu") return;
  const at::ScalarType dtype = model::scalar_type(protocol.dtype);
  const double elements =
      static_cast<double>(graph::plan_memory(graph, graph::lay_out(graph), 1).peak_elements);
  const double needed =
      elements * static_cast<double>(protocol.batch) * static_cast<double>(at::elementSize(dtype));
  const double available = static_cast<double>(usable_memory_bytes());
  if (available > 0 && needed > available)
    throw BatchTooLarge("a forward needs " + gibibytes(needed) + ", free are " +
                        gibibytes(available));
}

bool means_out_of_memory(const c10::Error& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  const std::string text = error.what_without_backtrace();
  for (const char* words : {"not enough memory", "can't allocate memory", "out of memory"})
    if (text.find(words) != std::string::npos) return true;
  return false;
}

PreparedModel prepare_model(const NamedGraph& model, const sweep::Protocol& protocol,
                            at::Device device) {
  check_own_runtime(protocol);
  const at::ScalarType dtype = model::scalar_type(protocol.dtype);
  if (!protocol.deploy) return {model.graph, model::converted(model.weights, dtype, device)};
  graph::Rewrite folded = graph::fold(model.graph);
  model::Weights weights =
      model::converted(model::rewrite_weights(folded, model.weights), dtype, device);
  return {std::move(folded.graph), std::move(weights)};
}

TimedModel::TimedModel(const NamedGraph& model, const sweep::Protocol& protocol, at::Device device)
    : TimedModel(prepare_model(model, protocol, device), protocol, device) {}

TimedModel::TimedModel(const PreparedModel& model, const sweep::Protocol& protocol,
                       at::Device device)
    : executor_(model.graph, device),
      weights_(model.weights),
      clock_(device),
      flush_subnormals_(protocol.flush_subnormals && device.is_cpu()) {
  check_forward_fits(model.graph, protocol);
  images_ = timed_images(model.graph.value(model.graph.input).shape, protocol.batch)
                .to(device, model::scalar_type(protocol.dtype));
}

double TimedModel::forward(const model::RunOptions& options) {
  core::check_interrupt();
  const c10::InferenceMode guard;
  const SubnormalsFlushed flushed(flush_subnormals_);
  clock_.clear();
  const std::size_t start = clock_.mark();
  const model::RunResult result = executor_.run(weights_, images_, options);
  const std::size_t end = clock_.mark();
  clock_.settle();
  return clock_.seconds(start, end);
}

std::optional<std::string> out_of_memory(graph::Index batch, const std::function<void()>& work) {
  std::string reason;
  try {
    work();
    return std::nullopt;
  } catch (const BatchTooLarge& error) {
    reason = error.what();
  } catch (const std::bad_alloc&) {
    reason = "the program got no more memory";
  } catch (const c10::Error& error) {
    if (!means_out_of_memory(error)) throw;
    const std::string text = error.what_without_backtrace();
    reason = core::printable(text.substr(0, text.find('\n')));
  }
  free_kept_memory();
  return "batch " + std::to_string(batch) + ": " + reason;
}

}  // namespace vitlab::profile
