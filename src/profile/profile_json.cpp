#include <string>

#include "profile/profile.h"

namespace vitlab {

namespace {

Json share_json(const CategoryTime& category) {
  return {{"category", category_name(category.category)},
          {"time_ms", json_number(1e3 * category.seconds)},
          {"share", json_number(category.share.value)},
          {"share_p5", json_number(category.share.low)},
          {"share_p95", json_number(category.share.high)}};
}

Json op_json(const OpRow& row) {
  return {{"node", row.node},
          {"layer", row.layer},
          {"op", row.op},
          {"category", category_name(row.category)},
          {"time_ms", json_number(1e3 * row.seconds)},
          {"macs", row.macs},
          {"bytes", row.bytes},
          {"gflops_per_s", json_number(row.gflops_per_s())},
          {"gbytes_per_s", json_number(row.gbytes_per_s())},
          {"bound", bound_name(row.bound)}};
}

void add_times(const ProfileResult& result, Json& json) {
  json["throughput_images_per_s"] = spread_json(result.speed.images_per_s, false);
  json["latency_ms"] = spread_json(result.speed.latency_ms, true);
  json["categories"] = Json::array();
  for (const CategoryTime& category : result.categories)
    json["categories"].push_back(share_json(category));
  json["memory_bound_share"] = json_number(result.memory_bound_share.value);
  json["roofline_memory_bound_share"] = json_number(result.roofline_memory_bound_share.value);
  json["ops"] = Json::array();
  for (const OpRow& row : result.ops) json["ops"].push_back(op_json(row));
  json["roofline"] = {{"peak_gflops_per_s", json_number(result.roofs.flops_per_s / 1e9)},
                      {"peak_gbytes_per_s", json_number(result.roofs.bytes_per_s / 1e9)},
                      {"call_us", json_number(result.roofs.call_seconds * 1e6)}};
  json["profiled_latency_ms"] = spread_json(result.profiled_ms, true);
  json["remainder_ms"] = json_number(result.remainder_ms);
  json["overhead"] = json_number(result.overhead);
  json["warnings"] = timing_warnings(result.speed.noise, result.environment);
}

}  // namespace

Json profile_json(const ProfileResult& result) {
  const Protocol& protocol = result.protocol;
  Json json{{"model", result.name},    {"device", protocol.device}, {"threads", protocol.threads},
            {"batch", protocol.batch}, {"dtype", protocol.dtype},   {"deploy", protocol.deploy}};
  if (result.out_of_memory)
    json["out_of_memory"] = *result.out_of_memory;
  else
    add_times(result, json);
  json["environment"] = environment_json(result.environment);
  return json;
}

std::vector<MetricValue> metrics_of(const ProfileResult& result) {
  if (result.out_of_memory) return {};
  std::vector<MetricValue> metrics = metrics_of(result.speed);
  const auto add = [&](std::string metric, const TimeShare& share) {
    metrics.push_back(
        {std::move(metric), "", share.value, "1", share.low, share.high, result.profiled_ms.count});
  };
  add("memory_bound_share", result.memory_bound_share);
  add("roofline_memory_bound_share", result.roofline_memory_bound_share);
  for (const CategoryTime& category : result.categories)
    add("time_share." + std::string(category_name(category.category)), category.share);
  return metrics;
}

}  // namespace vitlab
