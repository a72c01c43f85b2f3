#include <string>

#include "profile/profile.h"
#include "profile/roll_up.h"

namespace vitlab::profile {

namespace {

constexpr double kMilli = 1e3;  // ms in a second

messages::ProfiledOp op_message(const OpRow& row, double whole) {
  messages::ProfiledOp op;
  op.node = row.node;
  op.layer = row.layer;
  op.stage = row.stage;
  op.kind = row.kind;
  op.op = row.op;
  op.category = row.category;
  op.inside = row.inside;
  op.moved_by = row.moved_by;
  op.bound = row.bound;
  op.time_ms = kMilli * row.seconds;
  op.time_p5_ms = kMilli * stats::quantile(row.samples, 0.05);
  op.time_p95_ms = kMilli * stats::quantile(row.samples, 0.95);
  op.share = row.seconds / whole;
  op.macs = row.macs;
  op.flops = row.flops;
  op.bytes = row.bytes();
  op.bytes_read = row.bytes_read;
  op.bytes_written = row.bytes_written;
  op.gflops_per_s = row.gflops_per_s();
  op.gbytes_per_s = row.gbytes_per_s();
  op.flops_per_byte = row.intensity();
  op.roof_ms = kMilli * row.roof_seconds;
  return op;
}

template <typename Part>
std::vector<Part> parts_of(const std::vector<OpRow>& rows,
                           const std::function<std::string(const OpRow&)>& name) {
  std::vector<Part> parts;
  for (const RollUp& sum : roll_up(rows, name)) {
    Part part{{sum.name,
               kMilli * sum.seconds,
               sum.share,
               sum.macs,
               sum.flops,
               sum.bytes,
               sum.memory_bound_share(),
               {}}};
    for (std::size_t i = 0; i < sum.category_seconds.size(); ++i)
      part.categories.ms[i] = kMilli * sum.category_seconds[i];
    parts.push_back(std::move(part));
  }
  return parts;
}

messages::ProfiledMemory memory_message(const ProfileResult& result) {
  const MemoryTimeline& memory = result.memory;
  messages::ProfiledMemory told{
      memory.predicted_peak_bytes,
      memory.measured_peak_bytes,
      memory.parameter_bytes,
      {},
      "images and live maps of one forward, without parameters; each node when it has run, "
      "its inputs still held; the measured peak holds what ops take for themselves for a "
      "moment, but not what oneDNN and MKL allocate on their own"};
  for (const OpRow& row : result.ops) {
    if (row.is_hidden()) continue;
    const std::size_t node = told.timeline.size();
    told.timeline.push_back(
        {row.node, memory.predicted_bytes.at(node), memory.measured_bytes.at(node)});
  }
  return told;
}

void add_ops(const std::vector<OpRow>& rows, messages::ProfileTimes& times) {
  double whole = 0;
  for (const OpRow& row : rows) whole += row.seconds;
  for (const OpRow& row : rows) times.ops.push_back(op_message(row, whole));
  times.layers = parts_of<messages::LayerTimes>(rows, [](const OpRow& row) { return row.layer; });
  times.stages = parts_of<messages::StageTimes>(rows, [](const OpRow& row) { return row.stage; });
  times.kinds =
      parts_of<messages::KindTimes>(rows, [](const OpRow& row) { return std::string(row.kind); });
  for (const RollUp& sum : others(rows))
    times.others.push_back({sum.name, kMilli * sum.seconds, sum.share});
}

messages::ProfileTimes times_of(const ProfileResult& result) {
  messages::ProfileTimes times;
  times.throughput_images_per_s = messages::spread_of(result.speed.images_per_s, false);
  times.latency_ms = messages::spread_of(result.speed.latency_ms, true);
  for (const CategoryTime& category : result.categories)
    times.categories.push_back({category.category, kMilli * category.seconds, category.share.value,
                                category.share.low, category.share.high});
  times.memory_bound_share = result.memory_bound_share.value;
  times.roofline_memory_bound_share = result.roofline_memory_bound_share.value;
  add_ops(result.ops, times);
  times.memory = memory_message(result);
  times.roofline = roofs_message(result.roofs);
  times.profiled_latency_ms = messages::spread_of(result.profiled_ms, true);
  times.remainder_ms = result.remainder_ms;
  times.launch_ms = result.launch_ms;
  times.overhead = result.overhead;
  times.warnings = timing_warnings(result.speed.noise, result.environment);
  return times;
}

}  // namespace

messages::ProfileAnswer message_of(const ProfileResult& result) {
  const sweep::Protocol& protocol = result.protocol;
  messages::ProfileAnswer answer;
  answer.setting = {result.name,
                    {},
                    {},
                    protocol.device,
                    protocol.threads,
                    protocol.batch,
                    protocol.dtype,
                    protocol.deploy,
                    result.out_of_memory};
  if (!result.out_of_memory) answer.times = times_of(result);
  answer.environment = result.environment;
  return answer;
}

std::vector<store::MetricValue> metrics_of(const ProfileResult& result) {
  if (result.out_of_memory) return {};
  std::vector<store::MetricValue> metrics = metrics_of(result.speed);
  const auto add = [&](std::string metric, const TimeShare& share) {
    metrics.push_back(
        {std::move(metric), "", share.value, "1", share.low, share.high, result.profiled_ms.count});
  };
  add("memory_bound_share", result.memory_bound_share);
  add("roofline_memory_bound_share", result.roofline_memory_bound_share);
  for (const CategoryTime& category : result.categories)
    add("time_share." + std::string(graph::category_name(category.category)), category.share);
  return metrics;
}

}  // namespace vitlab::profile
