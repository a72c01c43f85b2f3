#pragma once

#include <algorithm>
#include <string>

#include "facts/report_input.h"
#include "facts/sample_similarity.h"
#include "messages/profile_answer.h"
#include "sample_input.h"

namespace vitlab::report {

/// An op whose times are in ms for a batch on a machine of 100 GFLOP/s and 10 GB/s.
inline messages::ProfiledOp sample_op(const std::string& node, const std::string& kind,
                                      const std::string& op, graph::Category category,
                                      messages::Bound bound, double time_ms, double flops,
                                      double bytes, double roof_ms) {
  messages::ProfiledOp row;
  row.node = node;
  row.layer = node.substr(0, node.rfind('.'));
  row.stage = node.substr(0, node.find('.', node.find('.') + 1));
  row.kind = kind;
  row.op = op;
  row.category = category;
  row.bound = bound;
  row.time_ms = time_ms;
  row.time_p5_ms = 0.9 * time_ms;
  row.time_p95_ms = 1.2 * time_ms;
  row.macs = static_cast<std::int64_t>(flops / 2);
  row.flops = static_cast<std::int64_t>(flops);
  row.bytes = row.bytes_read = static_cast<std::int64_t>(bytes);
  row.gflops_per_s = flops / time_ms / 1e6;
  row.gbytes_per_s = bytes / time_ms / 1e6;
  row.flops_per_byte = flops / bytes;
  row.roof_ms = roof_ms;
  return row;
}

/// The ops summed by one of their names, as profiles sum them.
template <typename Part>
std::vector<Part> sample_parts(const messages::ProfileTimes& times,
                               std::string messages::ProfiledOp::*name) {
  std::vector<Part> parts;
  for (const messages::ProfiledOp& op : times.ops) {
    auto part = std::ranges::find(parts, op.*name, &Part::name);
    if (part == parts.end()) part = parts.insert(parts.end(), Part{{.name = op.*name}});
    part->time_ms += op.time_ms;
    part->share += op.share;
    part->categories.ms[static_cast<std::size_t>(op.category)] += op.time_ms;
  }
  return parts;
}

/// A profile of a model that takes `slowness` times as long.
inline messages::ProfileAnswer sample_profile(double slowness) {
  using enum graph::Category;
  using enum messages::Bound;
  messages::ProfileAnswer profile;
  profile.setting = {"sample", {}, {}, "cpu", 1, 16, graph::Dtype::kFloat32, true, {}};
  profile.environment.device = "a processor";
  messages::ProfileTimes times;
  times.throughput_images_per_s = {{}, 400, 390, 410, 12};
  times.latency_ms = {40, 40, 39, 41, 12};
  times.memory_bound_share = 0.4;
  times.roofline_memory_bound_share = 0.5;
  times.roofline = {
      100, 10, 2, 120, {{"L2", 2'000'000, 80, 0, 0}, {"memory", 1'000'000'000, 10, 9, 0}}};
  const double s = slowness;
  for (const char* block : {"stages.0.layers.0", "stages.0.layers.2"}) {
    const std::string layer = block;
    times.ops.push_back(
        sample_op(layer + ".qkv", "full", "linear", kMultiplication, kCompute, 4 * s, 2e8, 4e6, 2));
    times.ops.push_back(
        sample_op(layer + ".split", "full", "permute", kReshape, kMemory, 1.5 * s, 0, 8e6, 0.8));
    times.ops.push_back(
        sample_op(layer + ".softmax", "full", "softmax", kOther, kMemory, 2 * s, 1e6, 4e6, 0.4));
  }
  const std::string ffn = "stages.0.layers.1";
  times.ops.push_back(
      sample_op(ffn + ".norm", "ffn", "batch_norm", kNormalization, kMemory, s, 2e6, 4e6, 0.4));
  times.ops.push_back(
      sample_op(ffn + ".add", "ffn", "add", kAddition, kLaunch, 0.01 * s, 1e3, 1.2e4, 0.0012));
  times.ops.push_back(
      sample_op(ffn + ".conv", "ffn", "copy", kCopy, kMemory, 0.5 * s, 0, 4e6, 0.4));
  times.ops.back().inside = "convolution";
  times.ops.back().moved_by = "reorder";
  times.ops.push_back(sample_op(ffn + ".conv", "ffn", "convolution", kMultiplication, kMemory,
                                3 * s, 6e6, 6e6, 0.6));
  const double total = times.ops_ms();
  for (messages::ProfiledOp& op : times.ops) op.share = op.time_ms / total;
  for (const auto& [category, time_ms] : {std::pair{kMultiplication, 11 * s},
                                          {kReshape, 3 * s},
                                          {kNormalization, s},
                                          {kCopy, 0.5 * s},
                                          {kAddition, 0.01 * s},
                                          {kOther, 4 * s}})
    times.categories.push_back({category, time_ms, time_ms / total, 0, 1});
  times.layers = sample_parts<messages::LayerTimes>(times, &messages::ProfiledOp::layer);
  times.stages = sample_parts<messages::StageTimes>(times, &messages::ProfiledOp::stage);
  times.kinds = sample_parts<messages::KindTimes>(times, &messages::ProfiledOp::kind);
  times.others = {{"softmax", 4 * s, 4 * s / total}};
  times.memory = {8'000'000,
                  9'000'000,
                  2'000'000,
                  {{"stages.0.layers.0.qkv", 4'000'000, 4'500'000},
                   {"stages.0.layers.1.conv", 8'000'000, 9'000'000}},
                  ""};
  profile.times = times;
  return profile;
}

/// The sample sweep with the profiles of its reference and its slowest model.
inline facts::ReportInput profiled_input() {
  facts::ReportInput input = sample_input();
  const facts::Setting setting{"cpu", "vitlab", "float32", 1, 16};
  for (const auto& [model, slowness] :
       {std::pair<std::string, double>{"1a7c03e9f2", 1}, {"4daf36b2c5", 1.2}})
    input.profiles.push_back(
        {model, setting,
         std::make_shared<const messages::ProfileTimes>(*sample_profile(slowness).times)});
  for (const auto& [model, alike] :
       {std::pair<std::string, double>{"1a7c03e9f2", 0.4}, {"4daf36b2c5", 0.7}})
    input.heads.push_back(
        {model, std::make_shared<const messages::HeadSimilarity>(facts::sample_similarity(alike))});
  return input;
}

/// A sweep over the share of attention in two templates at two budgets.
inline facts::ReportInput share_input() {
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
  facts::ReportInput input;
  input.title = "Sweep shares";
  input.table = table.take();
  return input;
}

}  // namespace vitlab::report
