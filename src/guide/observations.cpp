#include "guide/observations.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/text.h"
#include "stats/summary.h"

namespace vitlab::guide {
namespace {

constexpr double kWidestStratum = 1.1 / 0.9;

std::string number(const std::optional<std::int64_t>& value) {
  return value ? std::to_string(*value) : "";
}

/// A row without its value: what the subjects of one measurement share.
Observation frame_of(const store::ResultRow& row) {
  Observation frame;
  frame.model = row.model;
  frame.trial = row.trial;
  frame.seed = row.seed.value_or(0);
  frame.context = {row.dataset, row.recipe,          row.device,       row.runtime,
                   row.dtype,   number(row.threads), number(row.batch)};
  frame.has_budget = !row.budget_metric.empty() && row.budget.has_value();
  if (frame.has_budget) frame.budget = row.budget_metric + " = " + core::shortest(*row.budget);
  frame.knobs = row.knobs;
  return frame;
}

void note_fact(const store::ResultRow& row, ModelFacts& facts) {
  if (!row.subject.empty()) return;
  if (row.metric == "params") facts.params = row.value;
  if (row.metric == "macs") facts.macs = row.value;
  if (row.metric == "mhsa_share") facts.mhsa_share = row.value;
}

using Subjects = std::map<std::string, std::set<double>>;
using Frames = std::map<Observation, Subjects>;

double mean_over_subjects(const Subjects& subjects) {
  const auto mean_of = [](const std::set<double>& values) {
    return stats::mean(std::vector<double>(values.begin(), values.end()));
  };
  const auto whole = subjects.find("");
  if (whole != subjects.end()) return mean_of(whole->second);
  std::vector<double> means;
  for (const auto& [subject, values] : subjects) means.push_back(mean_of(values));
  return stats::mean(means);
}

/// Model -> name of its stratum; strata grow from the smallest model upwards.
std::map<std::string, std::string> parameter_strata(const std::map<std::string, ModelFacts>& models,
                                                    const std::set<std::string>& unmatched) {
  std::vector<std::pair<double, std::string>> sizes;
  for (const std::string& model : unmatched) {
    const auto& params = models.at(model).params;
    if (params && *params > 0) sizes.emplace_back(*params, model);
  }
  std::sort(sizes.begin(), sizes.end());
  std::map<std::string, std::string> strata;
  double smallest = 0;
  for (const auto& [size, model] : sizes) {
    if (smallest == 0 || size > smallest * kWidestStratum) smallest = size;
    strata[model] = "params from " + core::shortest(smallest);
  }
  return strata;
}

MetricObservations observations_of(const MetricRow& metric, const Frames& frames,
                                   const std::string& unit) {
  MetricObservations result{&metric, unit, false, {}};
  bool positive = true;
  for (const auto& [frame, subjects] : frames) {
    result.rows.push_back(frame);
    result.rows.back().value = mean_over_subjects(subjects);
    positive = positive && result.rows.back().value > 0;
  }
  result.is_relative = metric.scale == MetricScale::kRelative && positive;
  if (result.is_relative) {
    result.unit = "%";
    for (Observation& row : result.rows) row.value = std::log(row.value);
  }
  return result;
}

void match_on_strata(Observations& observations) {
  std::set<std::string> unmatched;
  for (const MetricObservations& metric : observations.metrics)
    for (const Observation& row : metric.rows)
      if (!row.has_budget) unmatched.insert(row.model);
  const auto strata = parameter_strata(observations.models, unmatched);
  for (MetricObservations& metric : observations.metrics) {
    for (Observation& row : metric.rows) {
      const auto stratum = strata.find(row.model);
      if (!row.has_budget && stratum != strata.end()) row.budget = stratum->second;
    }
  }
}

}  // namespace

Observations observe(const store::ResultsTable& table) {
  Observations observations;
  observations.knobs = table.knobs;
  std::map<std::string_view, Frames> frames;
  std::map<std::string_view, std::set<std::string>> units;
  for (const store::ResultRow& row : table.rows) {
    core::ensure(row.knobs.size() == table.knobs.size(), "a row has one cell for every knob");
    if (!std::isfinite(row.value)) continue;
    note_fact(row, observations.models[row.model]);
    const MetricRow* metric = find_metric(row.metric);
    if (metric == nullptr) continue;
    frames[metric->name][frame_of(row)][row.subject].insert(row.value);
    units[metric->name].insert(row.unit);
  }
  for (const MetricRow& metric : metric_table()) {
    const auto found = frames.find(metric.name);
    if (found == frames.end()) continue;
    observations.metrics.push_back(
        observations_of(metric, found->second, *units[metric.name].begin()));
  }
  match_on_strata(observations);
  return observations;
}

}  // namespace vitlab::guide
