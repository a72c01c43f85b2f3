#include "profile/profile.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/error.h"
#include "model/device.h"
#include "profile/inside_ops.h"
#include "profile/op_timer.h"
#include "profile/stopwatch.h"

namespace vitlab::profile {

namespace {

// Enough for every statistic here; more would only hold memory, one number an op and forward.
constexpr std::size_t kMostProfiled = 1000;

// Forwards in which LibTorch tells what it does.
constexpr int kSeenOnCpu = 3, kSeenOnDevice = 10;

/// Seconds by profiled forward of the rows that `counts` picks.
std::vector<double> seconds_by_forward(const std::vector<OpRow>& rows,
                                       const std::function<bool(const OpRow&)>& counts) {
  std::vector<double> sums(rows.empty() ? 0 : rows.front().samples.size(), 0);
  for (const OpRow& row : rows)
    if (counts(row))
      for (std::size_t run = 0; run < sums.size(); ++run) sums[run] += row.samples[run];
  return sums;
}

TimeShare time_share(const std::vector<double>& part, const std::vector<double>& whole) {
  std::vector<double> shares;
  for (std::size_t i = 0; i < part.size(); ++i) shares.push_back(part[i] / whole[i]);
  return {stats::mean(part) / stats::mean(whole), stats::quantile(shares, 0.05),
          stats::quantile(shares, 0.95)};
}

void sum_up(ProfileResult& result) {
  const std::vector<OpRow>& rows = result.ops;
  const std::vector<double> whole = seconds_by_forward(rows, [](const OpRow&) { return true; });
  for (int i = 0; i < graph::kCategoryCount; ++i) {
    const auto category = static_cast<graph::Category>(i);
    const std::vector<double> part =
        seconds_by_forward(rows, [&](const OpRow& row) { return row.category == category; });
    result.categories.push_back({category, stats::mean(part), time_share(part, whole)});
  }
  result.memory_bound_share =
      time_share(seconds_by_forward(
                     rows, [](const OpRow& row) { return graph::is_memory_bound(row.category); }),
                 whole);
  result.roofline_memory_bound_share = time_share(
      seconds_by_forward(rows, [](const OpRow& row) { return row.bound == Bound::kMemory; }),
      whole);
  result.remainder_ms = result.profiled_ms.mean - 1e3 * stats::mean(whole);
}

std::vector<double> scaled(std::vector<double> values, double factor) {
  for (double& value : values) value *= factor;
  return values;
}

/// Calls `work` until the protocol's time is over, min_samples times at least.
template <typename Work>
std::size_t for_timed_seconds(const sweep::Protocol& protocol, std::size_t most, Work&& work) {
  const Stopwatch watch;
  const auto least = static_cast<std::size_t>(std::max<graph::Index>(protocol.min_samples, 1));
  std::size_t runs = 0;
  while (runs < least || (runs < most && watch.seconds() < protocol.timed_seconds)) work(runs++);
  return runs;
}

/// Plain and profiled forwards by turns; which of a pair comes first changes with each pair.
void time_ops(TimedModel& model, OpTimer& timer, ProfileResult& result) {
  model::RunOptions profiled;
  profiled.observer = &timer;
  std::vector<double> plain_seconds, profiled_seconds;
  const auto run_plain = [&] { plain_seconds.push_back(model.forward()); };
  const auto run_profiled = [&] {
    profiled_seconds.push_back(model.forward(profiled));
    timer.finish_forward();
  };
  for_timed_seconds(result.protocol, kMostProfiled, [&](std::size_t pair) {
    if (pair % 2 == 0) run_plain();
    run_profiled();
    if (pair % 2 == 1) run_plain();
  });
  // By pairs: what slows the machine for a while slows both of a pair.
  std::vector<double> ratios;
  for (std::size_t i = 0; i < plain_seconds.size(); ++i)
    ratios.push_back(profiled_seconds[i] / plain_seconds[i]);
  result.overhead = stats::median(ratios);
  result.profiled_ms = stats::summarise(scaled(std::move(profiled_seconds), 1e3));
}

/// The times of ops by the kernels that they started, if the device told of any.
std::optional<std::vector<TimedOp>> times_on_device(const InsideOps& inside,
                                                    const stats::Summary& plain_ms,
                                                    ProfileResult& result) {
  std::vector<TimedOp> ops;
  std::vector<double> idle;
  double worked = 0;
  for (const SeenForward& forward : inside.forwards) {
    ops.resize(forward.size());
    for (std::size_t n = 0; n < forward.size(); ++n) {
      ops[n].node = forward[n].scope.node;
      ops[n].seconds.push_back(device_seconds(forward[n]));
      worked += ops[n].seconds.back();
    }
    idle.push_back(idle_seconds(forward));
  }
  if (worked <= 0) return std::nullopt;
  result.launch_ms = 1e3 * stats::mean(idle);
  result.profiled_ms = stats::summarise(scaled(inside.seconds, 1e3));
  result.overhead = result.profiled_ms.median / plain_ms.median;
  return ops;
}

void measure(const NamedGraph& model, at::Device device, ProfileResult& result,
             const TimingNotice& notice) {
  constexpr int kSteps = 5;
  int done = 0;
  const auto step = [&] {
    if (notice) notice(++done, kSteps, model.name);
  };
  const sweep::Protocol& protocol = result.protocol;
  const at::ScalarType dtype = model::scalar_type(protocol.dtype);
  const auto element_bytes = static_cast<graph::Index>(at::elementSize(dtype));
  TimedModel timed(model, protocol, device);
  timed.warm_up(protocol.warmup_seconds);
  step();
  std::vector<double> seconds;
  for_timed_seconds(protocol, SIZE_MAX, [&](std::size_t) { seconds.push_back(timed.forward()); });
  result.speed = speed_of(seconds, protocol.batch);
  step();
  OpTimer timer(device);
  time_ops(timed, timer, result);
  step();
  InsideOps inside = look_inside(timed, device, device.is_cpu() ? kSeenOnCpu : kSeenOnDevice);
  const auto on_device = times_on_device(inside, result.speed.latency_ms, result);
  if (!inside.forwards.empty()) result.seen = std::move(inside.forwards.back());
  result.memory = measured_memory(timed, protocol.batch, element_bytes);
  step();
  result.roofs = measured_roofs(device, dtype);
  result.ops = op_rows(timed.graph(), on_device ? *on_device : timer.ops(), inside.moves,
                       protocol.batch, element_bytes, result.roofs);
  sum_up(result);
  step();
}

}  // namespace

ProfileResult profile_model(const NamedGraph& model, const sweep::Protocol& protocol,
                            const TimingNotice& notice) {
  model::keep_freed_memory();
  const at::Device device = model::open_device(protocol.device);
  const ThreadsInUse threads(protocol.threads);
  ProfileResult result;
  result.name = model.name;
  result.protocol = protocol;
  result.environment = environment(device);
  result.out_of_memory =
      out_of_memory(protocol.batch, [&] { measure(model, device, result, notice); });
  return result;
}

}  // namespace vitlab::profile
