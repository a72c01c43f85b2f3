#include "profile/profile.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "core/error.h"
#include "graph/memory_plan.h"
#include "graph/op_cost.h"
#include "model/device.h"

namespace vitlab {

namespace {

// Enough for every statistic here; more would only hold memory, one number an op and forward.
constexpr std::size_t kMostProfiled = 1000;

OpRow op_row(const Graph& graph, const TimedOp& timed, const std::vector<bool>& is_view,
             Index batch, Index element_bytes) {
  const Node& node = graph.nodes[timed.node];
  OpRow row{.node = graph.node_name(node),
            .layer = graph.layer(node.layer).path,
            .op = op_name(node.op),
            .category = op_category(node.op),
            .seconds = mean(timed.seconds)};
  if (timed.copied_input) {
    const Value& moved = graph.value(node.inputs[*timed.copied_input]);
    row.op = category_name(Category::kCopy);
    row.category = Category::kCopy;
    row.bytes = 2 * moved.shape.elements() * (moved.batched ? batch : 1) * element_bytes;
    return row;
  }
  const bool views = is_view[static_cast<std::size_t>(node.output)];
  const OpCost cost = op_cost(graph, node, views, batch);
  row.macs = cost.macs;
  row.flops = cost.flops;
  row.bytes = cost.elements_moved() * element_bytes;
  return row;
}

/// Seconds by profiled forward of the ops that `counts` picks.
std::vector<double> by_forward(const std::vector<TimedOp>& ops,
                               const std::function<bool(std::size_t)>& counts) {
  std::vector<double> sums(ops.empty() ? 0 : ops.front().seconds.size(), 0);
  for (std::size_t i = 0; i < ops.size(); ++i)
    if (counts(i))
      for (std::size_t run = 0; run < sums.size(); ++run) sums[run] += ops[i].seconds[run];
  return sums;
}

TimeShare time_share(const std::vector<double>& part, const std::vector<double>& whole) {
  std::vector<double> shares;
  for (std::size_t i = 0; i < part.size(); ++i) shares.push_back(part[i] / whole[i]);
  return {mean(part) / mean(whole), quantile(shares, 0.05), quantile(shares, 0.95)};
}

void sum_up(ProfileResult& result, const std::vector<TimedOp>& ops) {
  const std::vector<OpRow>& rows = result.ops;
  const std::vector<double> whole = by_forward(ops, [](std::size_t) { return true; });
  for (int i = 0; i < kCategoryCount; ++i) {
    const auto category = static_cast<Category>(i);
    const std::vector<double> part =
        by_forward(ops, [&](std::size_t k) { return rows[k].category == category; });
    result.categories.push_back({category, mean(part), time_share(part, whole)});
  }
  result.memory_bound_share = time_share(
      by_forward(ops, [&](std::size_t k) { return is_memory_bound(rows[k].category); }), whole);
  result.roofline_memory_bound_share = time_share(
      by_forward(ops, [&](std::size_t k) { return rows[k].bound == Bound::kMemory; }), whole);
  result.remainder_ms = result.profiled_ms.mean - 1e3 * mean(whole);
}

std::vector<double> scaled(std::vector<double> values, double factor) {
  for (double& value : values) value *= factor;
  return values;
}

/// Calls `work` until the protocol's time is over, min_samples times at least.
template <typename Work>
std::size_t for_timed_seconds(const Protocol& protocol, std::size_t most, Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  const std::chrono::duration<double> wanted(protocol.timed_seconds);
  const auto least = static_cast<std::size_t>(std::max<Index>(protocol.min_samples, 1));
  std::size_t runs = 0;
  while (runs < least || (runs < most && std::chrono::steady_clock::now() - start < wanted))
    work(runs++);
  return runs;
}

/// Plain and profiled forwards by turns; which of a pair comes first changes with each pair.
void time_ops(TimedModel& model, OpTimer& timer, ProfileResult& result) {
  RunOptions profiled;
  profiled.observer = &timer;
  profiled.explicit_copies = true;
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
  result.overhead = median(profiled_seconds) / median(plain_seconds);
  result.profiled_ms = summarise(scaled(std::move(profiled_seconds), 1e3));
}

void measure(const NamedGraph& model, at::Device device, ProfileResult& result,
             const TimingNotice& notice) {
  constexpr int kSteps = 4;
  int done = 0;
  const auto step = [&] {
    if (notice) notice(++done, kSteps, model.name);
  };
  const Protocol& protocol = result.protocol;
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
  const at::ScalarType dtype = dtype_from_name(protocol.dtype);
  result.roofs = measured_roofs(device, dtype);
  result.ops = op_rows(timed.graph(), timer.ops(), protocol.batch,
                       static_cast<Index>(at::elementSize(dtype)), result.roofs);
  sum_up(result, timer.ops());
  step();
}

}  // namespace

std::vector<OpRow> op_rows(const Graph& graph, const std::vector<TimedOp>& ops, Index batch,
                           Index element_bytes, const Roofs& roofs) {
  const Layout layout = lay_out(graph);
  std::vector<OpRow> rows;
  for (const TimedOp& timed : ops) {
    OpRow row = op_row(graph, timed, layout.is_view, batch, element_bytes);
    row.bound = bound_of(static_cast<double>(row.flops), static_cast<double>(row.bytes), roofs);
    rows.push_back(std::move(row));
  }
  return rows;
}

ProfileResult profile_model(const NamedGraph& model, const Protocol& protocol,
                            const TimingNotice& notice) {
  keep_freed_memory();
  const at::Device device = open_device(protocol.device);
  const ThreadsInUse threads(protocol.threads);
  ProfileResult result;
  result.name = model.name;
  result.protocol = protocol;
  result.environment = environment(device);
  result.out_of_memory =
      out_of_memory(protocol.batch, [&] { measure(model, device, result, notice); });
  return result;
}

}  // namespace vitlab
