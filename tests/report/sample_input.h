#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "facts/report_input.h"

namespace vitlab::report {

/// Builds tables of results for tests, row by row.
class SampleTable {
 public:
  explicit SampleTable(std::vector<std::string> knobs) { table_.knobs = std::move(knobs); }

  store::ResultRow& add(const std::string& model, const std::vector<std::string>& knobs,
                        const std::string& metric, double value, const std::string& subject = "") {
    store::ResultRow row;
    row.model = model;
    row.knobs = knobs;
    row.metric = metric;
    row.subject = subject;
    row.value = value;
    table_.rows.push_back(std::move(row));
    return table_.rows.back();
  }
  /// A row of one trial: a model with a seed.
  store::ResultRow& add_trial(const std::string& model, const std::vector<std::string>& knobs,
                              int seed, const std::string& metric, double value,
                              const std::string& subject = "") {
    store::ResultRow& row = add(model, knobs, metric, value, subject);
    row.trial = model + "-" + std::to_string(seed);
    row.seed = seed;
    row.dataset = "digits";
    row.recipe = "quick";
    return row;
  }
  /// A row of a measurement on one thread.
  store::ResultRow& add_timed(const std::string& model, const std::vector<std::string>& knobs,
                              const std::string& metric, double value) {
    store::ResultRow& row = add(model, knobs, metric, value);
    row.device = "cpu";
    row.runtime = "vitlab";
    row.dtype = "float32";
    row.threads = 1;
    row.batch = 16;
    return row;
  }
  store::ResultsTable take() { return std::move(table_); }

 private:
  store::ResultsTable table_;
};

/// What the numbers of one sample model revolve around.
struct SampleModel {
  std::string id;
  std::vector<std::string> knobs;
  double macs;
  double accuracy;
  double throughput;
  std::vector<double> time_shares;  // multiplication … other
};

inline void add_learned(SampleTable& table, const SampleModel& model, int seed) {
  const double luck = seed == 0 ? -0.004 : 0.003;
  store::ResultRow& top1 =
      table.add_trial(model.id, model.knobs, seed, "accuracy.top1", model.accuracy + luck);
  top1.samples = 360;
  const int ffns = std::stoi(model.knobs[1]);
  for (int stage = 0; stage < 3; ++stage) {
    const std::string path =
        "stages." + std::to_string(stage) + ".layers." + std::to_string(2 * ffns);
    const double chance = 0.38 + 0.11 * stage + 0.015 * ffns;
    const double above = model.knobs[0] == "full" ? 0.24 - 0.05 * stage : 0.15 - 0.06 * stage;
    table.add_trial(model.id, model.knobs, seed, "head_cosine.max_max.map",
                    chance + above - 0.02 * ffns + luck, path);
    table.add_trial(model.id, model.knobs, seed, "head_cosine.max_max.map.null",
                    chance + 0.01 * seed, path);
    table.add_trial(model.id, model.knobs, seed, "prune.keep.qk",
                    0.8 - 0.2 * stage - 0.06 * (ffns - 1) + 10 * luck, path);
    table.add_trial(model.id, model.knobs, seed, "prune.keep.v", 1 - 0.12 * stage, path);
    for (int ffn = 0; ffn < 2 * ffns; ++ffn)
      table.add_trial(model.id, model.knobs, seed, "prune.keep.hidden",
                      0.9 - 0.2 * stage - 0.07 * (ffn % 3),
                      "stages." + std::to_string(stage) + ".layers." + std::to_string(ffn));
  }
  for (int ffn = 0; ffn < 2 * ffns; ++ffn)
    table.add_trial(model.id, model.knobs, seed, "prune.random.keep.hidden", 0.7,
                    "stages.0.layers." + std::to_string(ffn));
  table.add_trial(model.id, model.knobs, seed, "prune.random.macs", 0.69 * model.macs);
  table.add_trial(model.id, model.knobs, seed, "prune.macs", 0.7 * model.macs);
  table.add_trial(model.id, model.knobs, seed, "prune.speed_ratio", 1.1 + luck);
  table.add_trial(model.id, model.knobs, seed, "prune.speed_ratio.multiples_of_8", 1.25 + luck);
  table.add_trial(model.id, model.knobs, seed, "prune.macs.multiples_of_8", 0.72 * model.macs);
  table.add_trial(model.id, model.knobs, seed, "prune.accuracy.top1", model.accuracy - 0.021 + luck)
      .samples = 360;
}

inline void add_model(SampleTable& table, const SampleModel& model, double reference_throughput) {
  table.add(model.id, model.knobs, "params", 0.06 * model.macs);
  table.add(model.id, model.knobs, "macs", model.macs);
  for (const int seed : {0, 1}) add_learned(table, model, seed);
  const auto timed = [&](const std::string& metric, double value, double spread, int samples) {
    store::ResultRow& row = table.add_timed(model.id, model.knobs, metric, value);
    row.low = value * (1 - spread);
    row.high = value * (1 + spread);
    row.samples = samples;
  };
  timed("throughput", model.throughput, 0.03, 48);
  timed("throughput_ratio", model.throughput / reference_throughput, 0.012, 3);
  const char* categories[] = {"multiplication", "reshape",  "normalization",
                              "copy",           "addition", "other"};
  double memory_bound = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    table.add_timed(model.id, model.knobs, std::string("time_share.") + categories[i],
                    model.time_shares[i]);
    if (i >= 1 && i <= 4) memory_bound += model.time_shares[i];
  }
  timed("memory_bound_share", memory_bound, 0.02, 20);
  timed("roofline_memory_bound_share", memory_bound + 0.12, 0.01, 20);
}

inline std::vector<SampleModel> sample_models() {
  return {
      {"1a7c03e9f2", {"cascaded", "1"}, 5.02e6, 0.972, 3120, {0.41, 0.21, 0.09, 0.08, 0.11, 0.1}},
      {"2b8d14f0a3", {"cascaded", "2"}, 4.97e6, 0.968, 3410, {0.45, 0.18, 0.09, 0.07, 0.12, 0.09}},
      {"3c9e25a1b4", {"cascaded", "3"}, 5.05e6, 0.961, 3688, {0.49, 0.15, 0.10, 0.06, 0.12, 0.08}},
      {"4daf36b2c5", {"full", "1"}, 5.01e6, 0.977, 2790, {0.36, 0.25, 0.08, 0.11, 0.10, 0.1}},
      {"5eb047c3d6", {"full", "2"}, 4.99e6, 0.970, 3145, {0.42, 0.20, 0.09, 0.09, 0.11, 0.09}},
      {"6fc158d4e7", {"full", "3"}, 5.03e6, 0.958, 3522, {0.47, 0.17, 0.09, 0.07, 0.12, 0.08}}};
}

inline guide::GuideResult sample_guidelines() {
  guide::GuideResult result;
  result.tested = 6;
  guide::Guideline guideline;
  guideline.id = "g-5f21";
  guideline.statement =
      "Use ffn_per_side 2 to 3 rather than 1: throughput +9.1 % (95 % interval +5.2 to +13.4 %) in "
      "3 "
      "matched blocks, 2 seeds (grade C).";
  guideline.factor = "ffn_per_side";
  guideline.from = {"1"};
  guideline.range = {"2", "3"};
  guideline.levels = {"1", "2", "3"};
  guideline.is_numeric = true;
  guideline.effects = {{"throughput", 9.1, "%", 5.2, 13.4, 0.02, 0.06, 1, true, true, true}};
  guideline.scope = {{"dataset", {"digits"}}, {"device", {"cpu"}}, {"batch", {"16"}}};
  guideline.evidence = {3, 2, {"1a7c03e9f2", "2b8d14f0a3"}, {}, "macs budgets"};
  guideline.counter_evidence = {"With mixer=full the gain is 0.4 points smaller."};
  result.guidelines = {guideline};
  result.not_supported = {
      {"ffn_per_side", "accuracy.top1",
       "the interval of the difference, -1.9 to +0.6 points, contains zero", 2, 5},
      {"mixer", "accuracy.top1", "3 matched blocks allow no level of 95 %", 3, 8},
      {"mixer", "memory_bound_share", "the levels do not differ", 3, {}}};
  result.notes = {"Blocks are matched on macs within 2 %."};
  return result;
}

/// A finished quickstart: 6 models, 2 seeds, one failure, one rejected point.
inline facts::ReportInput sample_input() {
  SampleTable table({"mixer", "ffn_per_side"});
  for (const SampleModel& model : sample_models()) add_model(table, model, 3120);
  facts::ReportInput input;
  input.title = "Sweep quickstart";
  input.plan = {"quickstart", 12,      "1a7c03e9f2",
                "digits",     "quick", {"cost", "train", "similarity", "prune", "measure"}};
  input.table = table.take();
  input.guidelines = sample_guidelines();
  input.failures = {{"6fc158d4e7-1", "prune", "failed",
                     "prune: keep macs=0.7 cannot be met: the floor of qk (4) binds"}};
  input.rejected = {{"mixer=window ffn_per_side=3", "where: params < 1e6 does not hold (1.21 M)"}};
  input.protocol = {{"device", "cpu"},    {"threads", 1},        {"batch", 16},
                    {"dtype", "float32"}, {"warmup_seconds", 1}, {"timed_seconds", 3.5},
                    {"rounds", 3}};
  input.machine = {{"processor", "Example CPU 2.4 GHz"},
                   {"cores", 2},
                   {"system", "Linux 6.1"},
                   {"torch_version", "2.11.0"}};
  input.command = "vitlab sweep experiments/quickstart/sweep.yaml --out results/quickstart";
  input.files = {{"../views/results.csv", "every number, one a row"},
                 {"guidelines.json", "the guidelines, for programs"},
                 {"table.tex", "the table of models for LaTeX"}};
  return input;
}

}  // namespace vitlab::report
