#include "profile/op_samples.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include <c10/core/InferenceMode.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "model/device.h"
#include "model/op_constants.h"
#include "model/run_op.h"
#include "profile/op_timer.h"
#include "profile/stopwatch.h"
#include "stats/summary.h"

namespace vitlab::profile {

namespace {

constexpr int kIsolatedRuns = 5;
constexpr double kIsolatedSeconds = 0.002;
constexpr double kDisturbed = 1.15;  // of the reference's fastest time
constexpr double kLongest = 5;       // times timed_seconds, for enough undisturbed turns

/// One node's inputs as dense random tensors, and how long it takes alone, over and over.
class IsolatedOp {
 public:
  IsolatedOp(const PreparedModel& model, graph::NodeId node, const sweep::Protocol& protocol,
             at::Device device)
      : constant_(model::op_constant(model.graph.nodes[node].op)), call_{model.graph,
                                                                         model.graph.nodes[node],
                                                                         model.weights,
                                                                         {},
                                                                         protocol.batch,
                                                                         false,
                                                                         constant_,
                                                                         mask_,
                                                                         std::nullopt} {
    if (constant_.defined()) constant_ = constant_.to(device);
    const at::TensorOptions options =
        at::TensorOptions().dtype(model::scalar_type(protocol.dtype)).device(device);
    for (const graph::ValueId x : call_.node.inputs) {
      const graph::Value& value = model.graph.value(x);
      std::vector<graph::Index> sizes(value.shape.begin(), value.shape.end());
      if (value.batched && !sizes.empty()) sizes[0] *= protocol.batch;
      call_.inputs.push_back(at::randn(sizes, options));
    }
  }

  double median_seconds(at::Device device) {
    const c10::InferenceMode guard;
    DeviceClock clock(device);
    std::vector<double> seconds;
    model::run_op(call_);
    const Stopwatch watch;
    while (seconds.size() < kIsolatedRuns || watch.seconds() < kIsolatedSeconds) {
      clock.clear();
      const std::size_t from = clock.mark();
      const at::Tensor output = model::run_op(call_);
      const std::size_t to = clock.mark();
      clock.settle();
      seconds.push_back(clock.seconds(from, to));
    }
    return stats::median(seconds);
  }

 private:
  at::Tensor constant_, mask_;
  model::OpCall call_;
};

std::vector<double> microseconds(const std::vector<double>& seconds) {
  std::vector<double> list;
  for (const double x : seconds) list.push_back(std::round(x * 1e8) / 100);
  return list;
}

}  // namespace

OpSampler::OpSampler(const NamedGraph& reference, const sweep::Protocol& protocol)
    : protocol_(protocol),
      device_(model::open_device(protocol.device)),
      reference_(reference, protocol, device_) {
  reference_.warm_up(protocol.warmup_seconds);
  const Stopwatch watch;
  fastest_ = reference_.forward();
  while (watch.seconds() < protocol.timed_seconds)
    fastest_ = std::min(fastest_, reference_.forward());
}

std::size_t OpSampler::least_turns() const {
  return static_cast<std::size_t>(std::max<graph::Index>(protocol_.min_samples, 1));
}

/// Turns until enough of them are undisturbed; min_samples of them however long each takes.
std::vector<OpSampler::Turn> OpSampler::turns(TimedModel& model) {
  std::vector<Turn> all;
  const Stopwatch watch;
  std::size_t calm = 0;
  double calm_seconds = 0, before = reference_.forward();
  while (all.size() < least_turns() || watch.seconds() < kLongest * protocol_.timed_seconds) {
    Turn turn;
    turn.seconds = model.forward();
    OpTimer timer(device_);
    model::RunOptions profiled;
    profiled.observer = &timer;
    const double profiled_seconds = model.forward(profiled);
    timer.finish_forward();
    for (const TimedOp& op : timer.ops()) turn.ops.push_back({op.node, op.seconds.front()});
    const double behind = reference_.forward();
    fastest_ = std::min(fastest_, behind);
    turn.reference = before;
    turn.disturbance = std::max(before, behind) / fastest_;
    before = behind;
    if (turn.disturbance <= kDisturbed) {
      ++calm;
      calm_seconds += turn.seconds + profiled_seconds + behind;
    }
    all.push_back(std::move(turn));
    if (calm >= least_turns() && calm_seconds >= protocol_.timed_seconds) break;
  }
  return all;
}

ModelSample OpSampler::sample(const NamedGraph& model, const std::vector<std::string>* signatures) {
  ModelSample sample;
  {
    TimedModel timed(model, protocol_, device_);
    timed.warm_up(protocol_.warmup_seconds);
    std::vector<Turn> all = turns(timed);
    std::stable_sort(all.begin(), all.end(),
                     [](const Turn& a, const Turn& b) { return a.disturbance < b.disturbance; });
    std::size_t kept = 0;
    while (kept < all.size() && all[kept].disturbance <= kDisturbed) ++kept;
    kept = std::max(kept, std::min(all.size(), least_turns()));
    sample.disturbed = all.size() - kept;
    core::IdVector<graph::NodeId, std::vector<double>> by_node(timed.graph().nodes.size());
    for (std::size_t i = 0; i < kept; ++i) {
      sample.seconds.push_back(all[i].seconds);
      sample.reference.push_back(all[i].reference);
      for (const auto& [node, seconds] : all[i].ops) by_node[node].push_back(seconds);
    }
    for (const std::vector<double>& seconds : by_node)
      sample.op_seconds.push_back(seconds.empty() ? 0 : stats::median(seconds));
  }
  if (signatures == nullptr) return sample;
  const PreparedModel form = prepare_model(model, protocol_, device_);
  core::ensure(signatures->size() == form.graph.nodes.size(), "a signature by node");
  std::map<std::string, double> known;
  for (const graph::NodeId i : form.graph.nodes.ids()) {
    core::check_interrupt();
    const auto [entry, is_new] = known.try_emplace((*signatures)[i.index()]);
    if (is_new) entry->second = IsolatedOp(form, i, protocol_, device_).median_seconds(device_);
    sample.op_isolated.push_back(entry->second);
  }
  return sample;
}

messages::Sample sample_message(const ModelSample& sample) {
  const auto milliseconds = [](double seconds) { return std::round(seconds * 1e7) / 1e4; };
  messages::Sample message;
  message.latency_ms = milliseconds(stats::median(sample.seconds));
  message.p5_ms = milliseconds(stats::quantile(sample.seconds, 0.05));
  message.p95_ms = milliseconds(stats::quantile(sample.seconds, 0.95));
  message.reference_ms = milliseconds(stats::median(sample.reference));
  message.forwards = sample.seconds.size();
  message.disturbed = sample.disturbed;
  message.ops_us = microseconds(sample.op_seconds);
  message.isolated_us = microseconds(sample.op_isolated);
  return message;
}

}  // namespace vitlab::profile
