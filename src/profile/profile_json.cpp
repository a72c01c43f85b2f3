#include <string>

#include "profile/profile.h"
#include "profile/roll_up.h"

namespace vitlab::profile {

namespace {

core::Json share_json(const CategoryTime& category) {
  return {{"category", graph::category_name(category.category)},
          {"time_ms", core::json_number(1e3 * category.seconds)},
          {"share", core::json_number(category.share.value)},
          {"share_p5", core::json_number(category.share.low)},
          {"share_p95", core::json_number(category.share.high)}};
}

core::Json op_json(const OpRow& row, double whole) {
  core::Json json{{"node", row.node},   {"layer", row.layer},
                  {"stage", row.stage}, {"kind", row.kind},
                  {"op", row.op},       {"category", graph::category_name(row.category)}};
  if (row.is_hidden()) {
    json["inside"] = row.inside;
    json["moved_by"] = row.moved_by;
  }
  json["bound"] = bound_name(row.bound);
  json["time_ms"] = core::json_number(1e3 * row.seconds);
  json["time_p5_ms"] = core::json_number(1e3 * stats::quantile(row.samples, 0.05));
  json["time_p95_ms"] = core::json_number(1e3 * stats::quantile(row.samples, 0.95));
  json["share"] = core::json_number(row.seconds / whole);
  json["macs"] = row.macs;
  json["flops"] = row.flops;
  json["bytes"] = row.bytes();
  json["bytes_read"] = row.bytes_read;
  json["bytes_written"] = row.bytes_written;
  json["gflops_per_s"] = core::json_number(row.gflops_per_s());
  json["gbytes_per_s"] = core::json_number(row.gbytes_per_s());
  json["flops_per_byte"] = core::json_number(row.intensity());
  json["roof_ms"] = core::json_number(1e3 * row.roof_seconds);
  return json;
}

core::Json roll_up_json(const char* key, const std::vector<RollUp>& sums) {
  core::Json json = core::Json::array();
  for (const RollUp& sum : sums) {
    core::Json categories = core::Json::object();
    for (int i = 0; i < graph::kCategoryCount; ++i)
      categories[std::string(graph::category_name(static_cast<graph::Category>(i)))] =
          core::json_number(1e3 * sum.category_seconds[static_cast<std::size_t>(i)]);
    json.push_back({{key, sum.name},
                    {"time_ms", core::json_number(1e3 * sum.seconds)},
                    {"share", core::json_number(sum.share)},
                    {"macs", sum.macs},
                    {"flops", sum.flops},
                    {"bytes", sum.bytes},
                    {"memory_bound_share", core::json_number(sum.memory_bound_share())},
                    {"categories", std::move(categories)}});
  }
  return json;
}

core::Json others_json(const std::vector<OpRow>& rows) {
  core::Json json = core::Json::array();
  for (const RollUp& sum : others(rows))
    json.push_back({{"op", sum.name},
                    {"time_ms", core::json_number(1e3 * sum.seconds)},
                    {"share", core::json_number(sum.share)}});
  return json;
}

core::Json memory_json(const ProfileResult& result) {
  const MemoryTimeline& memory = result.memory;
  core::Json json{
      {"predicted_peak_bytes", memory.predicted_peak_bytes},
      {"measured_peak_bytes", memory.measured_peak_bytes},
      {"parameter_bytes", memory.parameter_bytes},
      {"timeline", core::Json::array()},
      {"remark",
       "images and live maps of one forward, without parameters; each node when it has run, "
       "its inputs still held; the measured peak holds what ops take for themselves for a "
       "moment, but not what oneDNN and MKL allocate on their own"}};
  std::size_t node = 0;
  for (const OpRow& row : result.ops) {
    if (row.is_hidden()) continue;
    json["timeline"].push_back({{"node", row.node},
                                {"predicted_bytes", memory.predicted_bytes.at(node)},
                                {"measured_bytes", memory.measured_bytes.at(node)}});
    ++node;
  }
  return json;
}

void add_ops(const ProfileResult& result, core::Json& json) {
  const std::vector<OpRow>& rows = result.ops;
  double whole = 0;
  for (const OpRow& row : rows) whole += row.seconds;
  json["ops"] = core::Json::array();
  for (const OpRow& row : rows) json["ops"].push_back(op_json(row, whole));
  json["layers"] = roll_up_json("layer", roll_up(rows, [](const OpRow& row) { return row.layer; }));
  json["stages"] = roll_up_json("stage", roll_up(rows, [](const OpRow& row) { return row.stage; }));
  json["kinds"] =
      roll_up_json("kind", roll_up(rows, [](const OpRow& row) { return std::string(row.kind); }));
  json["others"] = others_json(rows);
}

void add_times(const ProfileResult& result, core::Json& json) {
  json["throughput_images_per_s"] =
      core::to_json(messages::spread_of(result.speed.images_per_s, false));
  json["latency_ms"] = core::to_json(messages::spread_of(result.speed.latency_ms, true));
  json["categories"] = core::Json::array();
  for (const CategoryTime& category : result.categories)
    json["categories"].push_back(share_json(category));
  json["memory_bound_share"] = core::json_number(result.memory_bound_share.value);
  json["roofline_memory_bound_share"] = core::json_number(result.roofline_memory_bound_share.value);
  add_ops(result, json);
  json["memory"] = memory_json(result);
  json["roofline"] = core::to_json(roofs_message(result.roofs));
  json["profiled_latency_ms"] = core::to_json(messages::spread_of(result.profiled_ms, true));
  json["remainder_ms"] = core::json_number(result.remainder_ms);
  if (result.launch_ms) json["launch_ms"] = core::json_number(*result.launch_ms);
  json["overhead"] = core::json_number(result.overhead);
  json["warnings"] = timing_warnings(result.speed.noise, result.environment);
}

}  // namespace

core::Json profile_json(const ProfileResult& result) {
  const sweep::Protocol& protocol = result.protocol;
  core::Json json{{"model", result.name},        {"device", protocol.device},
                  {"threads", protocol.threads}, {"batch", protocol.batch},
                  {"dtype", protocol.dtype},     {"deploy", protocol.deploy}};
  if (result.out_of_memory)
    json["out_of_memory"] = *result.out_of_memory;
  else
    add_times(result, json);
  json["environment"] = core::to_json(result.environment);
  return json;
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
