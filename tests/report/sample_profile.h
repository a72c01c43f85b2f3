#pragma once

#include <string>

#include "core/json.h"
#include "report/report_input.h"
#include "sample_input.h"
#include "sample_similarity.h"

namespace vitlab::report {

/// One row of `ops`; times in ms for a batch on a machine of 100 GFLOP/s and 10 GB/s.
inline core::Json sample_op(const std::string& node, const std::string& kind, const std::string& op,
                            const std::string& category, const std::string& bound, double time_ms,
                            double flops, double bytes, double roof_ms) {
  return {{"node", node},
          {"layer", node.substr(0, node.rfind('.'))},
          {"stage", node.substr(0, node.find('.', node.find('.') + 1))},
          {"kind", kind},
          {"op", op},
          {"category", category},
          {"bound", bound},
          {"time_ms", time_ms},
          {"time_p5_ms", 0.9 * time_ms},
          {"time_p95_ms", 1.2 * time_ms},
          {"macs", flops / 2},
          {"flops", flops},
          {"bytes", bytes},
          {"roof_ms", roof_ms}};
}

/// A profile as `profile --json` prints it, of a model that takes `slowness` times as long.
inline core::Json sample_profile(double slowness) {
  core::Json json{{"model", "sample"}, {"device", "cpu"},    {"threads", 1},
                  {"batch", 16},       {"dtype", "float32"}, {"deploy", true}};
  json["throughput_images_per_s"] = {{"median", 400}, {"p5", 390}, {"p95", 410}, {"samples", 12}};
  json["latency_ms"] = {{"mean", 40}, {"median", 40}, {"p5", 39}, {"p95", 41}};
  json["memory_bound_share"] = 0.4;
  json["roofline_memory_bound_share"] = 0.5;
  json["roofline"] = {{"peak_gflops_per_s", 100},
                      {"peak_gbytes_per_s", 10},
                      {"call_us", 2},
                      {"fma_gflops_per_s", 120},
                      {"levels",
                       {{{"level", "L2"}, {"size_bytes", 2e6}, {"read_gbytes_per_s", 80}},
                        {{"level", "memory"},
                         {"size_bytes", 1e9},
                         {"read_gbytes_per_s", 10},
                         {"copy_gbytes_per_s", 9}}}}};
  json["ops"] = core::Json::array();
  const auto add = [&](const core::Json& op) { json["ops"].push_back(op); };
  const double s = slowness;
  for (const char* block : {"stages.0.layers.0", "stages.0.layers.2"}) {
    const std::string layer = block;
    add(sample_op(layer + ".qkv", "full", "linear", "multiplication", "compute", 4 * s, 2e8, 4e6,
                  2));
    add(sample_op(layer + ".split", "full", "permute", "reshape", "memory", 1.5 * s, 0, 8e6, 0.8));
    add(sample_op(layer + ".softmax", "full", "softmax", "other", "memory", 2 * s, 1e6, 4e6, 0.4));
  }
  add(sample_op("stages.0.layers.1.norm", "ffn", "batch_norm", "normalization", "memory", 1 * s,
                2e6, 4e6, 0.4));
  add(sample_op("stages.0.layers.1.add", "ffn", "add", "addition", "launch", 0.01 * s, 1e3, 1.2e4,
                0.0012));
  core::Json hidden =
      sample_op("stages.0.layers.1.conv", "ffn", "copy", "copy", "memory", 0.5 * s, 0, 4e6, 0.4);
  hidden["inside"] = "convolution";
  add(hidden);
  add(sample_op("stages.0.layers.1.conv", "ffn", "convolution", "multiplication", "memory", 3 * s,
                6e6, 6e6, 0.6));
  const double total = 19.51 * s;
  const auto category = [&](const char* name, double time_ms) {
    return core::Json{{"category", name}, {"time_ms", time_ms}, {"share", time_ms / total}};
  };
  json["categories"] = {category("multiplication", 11 * s), category("reshape", 3 * s),
                        category("normalization", s),       category("copy", 0.5 * s),
                        category("addition", 0.01 * s),     category("other", 4 * s)};
  json["memory"] = {
      {"predicted_peak_bytes", 8e6},
      {"measured_peak_bytes", 9e6},
      {"parameter_bytes", 2e6},
      {"timeline",
       {{{"node", "stages.0.layers.0.qkv"}, {"predicted_bytes", 4e6}, {"measured_bytes", 4.5e6}},
        {{"node", "stages.0.layers.1.conv"}, {"predicted_bytes", 8e6}, {"measured_bytes", 9e6}}}}};
  return json;
}

/// The sample sweep with the profiles of its reference and its slowest model.
inline ReportInput profiled_input() {
  ReportInput input = sample_input();
  const Setting setting{"cpu", "vitlab", "float32", 1, 16};
  for (const auto& [model, slowness] :
       {std::pair<std::string, double>{"1a7c03e9f2", 1}, {"4daf36b2c5", 1.2}})
    input.profiles.push_back(
        {model, setting,
         std::make_shared<const ProfileFacts>(profile_facts(sample_profile(slowness)))});
  for (const auto& [model, alike] :
       {std::pair<std::string, double>{"1a7c03e9f2", 0.4}, {"4daf36b2c5", 0.7}})
    input.heads.push_back(
        {model, std::make_shared<const messages::HeadSimilarity>(sample_similarity(alike))});
  return input;
}

/// A sweep over the share of attention in two templates at two budgets.
inline ReportInput share_input() {
  SampleTable table({"template", "mhsa_share", "width"});
  int number = 0;
  for (const std::string name : {"vit", "swin"})
    for (const double budget : {1.25, 1.5})
      for (const double share : {0.6, 0.0, 0.2}) {
        const std::string id = "m" + std::to_string(number++);
        const std::vector<std::string> knobs{name, std::to_string(share), std::to_string(number)};
        const auto solved = [&](store::ResultRow& row) -> store::ResultRow& {
          row.budget_metric = "throughput";
          row.budget = budget;
          return row;
        };
        solved(table.add(id, knobs, "mhsa_share", share));
        solved(table.add_trial(id, knobs, 0, "accuracy.top1", 0.9 - 0.1 * share)).samples = 360;
        solved(table.add_timed(id, knobs, "throughput", 400 * budget));
        store::ResultRow& bound =
            solved(table.add_timed(id, knobs, "memory_bound_share", 0.1 + 0.2 * share));
        bound.low = 0.09 + 0.2 * share;
        bound.high = 0.11 + 0.2 * share;
      }
  ReportInput input;
  input.title = "Sweep shares";
  input.table = table.take();
  return input;
}

}  // namespace vitlab::report
