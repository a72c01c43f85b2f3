#include "profile/timed_model.h"

#include <chrono>
#include <new>
#include <utility>

#include <ATen/CPUGeneratorImpl.h>
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

namespace vitlab {

namespace {

constexpr std::uint64_t kImageSeed = 20230511;

/// What the plan of a forward cannot do without is more than the machine has.
class BatchTooLarge : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void check_own_runtime(const Protocol& protocol) {
  if (protocol.runtime == "libtorch") return;
  throw UserError("the protocol's runtime " + protocol.runtime +
                  " runs whole files: only libtorch runs a model op by op");
}

NamedGraph in_form(const NamedGraph& model, const Protocol& protocol) {
  check_own_runtime(protocol);
  if (!protocol.deploy) return model;
  Rewrite folded = fold(model.graph);
  Weights weights = rewrite_weights(folded, model.weights);
  return {model.name, std::move(folded.graph), std::move(weights)};
}

std::string gibibytes(double bytes) {
  return std::to_string(static_cast<Index>(bytes / (1 << 30) + 0.5)) + " GiB";
}

/// Linux hands out memory that it does not have and later ends the program, so that a forward which
/// cannot fit is refused before it starts.
void check_fits(const Graph& graph, const Protocol& protocol, at::ScalarType dtype) {
  const double elements = static_cast<double>(plan_memory(graph, lay_out(graph), 1).peak_elements);
  const double needed =
      elements * static_cast<double>(protocol.batch) * static_cast<double>(at::elementSize(dtype));
  const double available = static_cast<double>(available_memory_bytes());
  if (available > 0 && needed > available)
    throw BatchTooLarge("a forward needs " + gibibytes(needed) + ", free are " +
                        gibibytes(available));
}

at::Tensor random_images(const Graph& graph, Index batch, at::ScalarType dtype, at::Device device) {
  const Shape& shape = graph.value(graph.input).shape;
  const at::Generator generator = at::detail::createCPUGenerator(kImageSeed);
  return at::randn({batch, shape[1], shape[2], shape[3]}, generator,
                   at::TensorOptions().dtype(at::kFloat))
      .to(device, dtype);
}

bool means_out_of_memory(const c10::Error& error) {
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  const std::string text = error.what_without_backtrace();
  for (const char* words : {"not enough memory", "can't allocate memory", "out of memory"})
    if (text.find(words) != std::string::npos) return true;
  return false;
}

void free_kept_memory() {
  const c10::InferenceMode guard;
  if (at::globalContext().hasCUDA()) at::getDeviceAllocator(at::kCUDA)->emptyCache();
}

}  // namespace

NamedGraph untrained_model(std::string name, const ModelSpec& spec) {
  Graph graph = build_graph(spec);
  Weights weights = initial_weights(graph, 0);
  return {std::move(name), std::move(graph), std::move(weights)};
}

SubnormalsFlushed::SubnormalsFlushed(bool wanted) : wanted_(wanted) {
  if (wanted_) at::globalContext().setFlushDenormal(true);
}

SubnormalsFlushed::~SubnormalsFlushed() {
  if (wanted_) at::globalContext().setFlushDenormal(false);
}

ThreadsInUse::ThreadsInUse(Index threads) : before_(at::get_num_threads()) {
  set_threads(static_cast<int>(threads));
}

ThreadsInUse::~ThreadsInUse() { at::set_num_threads(before_); }

TimedModel::TimedModel(const NamedGraph& model, const Protocol& protocol, at::Device device)
    : TimedModel(in_form(model, protocol), protocol, dtype_from_name(protocol.dtype), device) {}

TimedModel::TimedModel(NamedGraph model, const Protocol& protocol, at::ScalarType dtype,
                       at::Device device)
    : executor_(std::move(model.graph), device),
      clock_(device),
      flush_subnormals_(protocol.flush_subnormals && device.is_cpu()) {
  if (device.is_cpu()) check_fits(executor_.graph(), protocol, dtype);
  weights_ = converted(model.weights, dtype, device);
  images_ = random_images(executor_.graph(), protocol.batch, dtype, device);
}

double TimedModel::forward(const RunOptions& options) {
  check_interrupt();
  const c10::InferenceMode guard;
  const SubnormalsFlushed flushed(flush_subnormals_);
  clock_.clear();
  const std::size_t start = clock_.mark();
  const RunResult result = executor_.run(weights_, images_, options);
  const std::size_t end = clock_.mark();
  clock_.settle();
  return clock_.seconds(start, end);
}

void TimedModel::warm_up(double seconds) {
  const auto start = std::chrono::steady_clock::now();
  const std::chrono::duration<double> wanted(seconds);
  int runs = 0;
  while (runs < 2 || std::chrono::steady_clock::now() - start < wanted) {
    forward();
    ++runs;
  }
}

std::optional<std::string> out_of_memory(Index batch, const std::function<void()>& work) {
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
    reason = printable(text.substr(0, text.find('\n')));
  }
  free_kept_memory();
  return "batch " + std::to_string(batch) + ": " + reason;
}

}  // namespace vitlab
