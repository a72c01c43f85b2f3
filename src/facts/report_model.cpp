#include "facts/report_model.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <utility>

#include "facts/model_gatherer.h"
#include "stats/pareto.h"

namespace vitlab::facts {
namespace {

constexpr std::array kTimed{"throughput", "latency", "throughput_ratio", "memory_bound_share",
                            "roofline_memory_bound_share"};

bool is_timed(const std::string& metric) {
  return metric.starts_with("time_share.") ||
         std::find(kTimed.begin(), kTimed.end(), metric) != kTimed.end();
}

/// The key with the most rows; the first in order among equals.
template <typename Key>
Key most_frequent(const std::map<Key, int>& counts) {
  Key best{};
  int most = 0;
  for (const auto& [key, count] : counts) {
    if (count <= most) continue;
    best = key;
    most = count;
  }
  return best;
}

using Context = std::pair<std::string, std::string>;  // data set, recipe

std::string model_name(const ReportInput& input, const store::ResultRow& row) {
  const auto named = input.model_names.find(row.model);
  if (named != input.model_names.end() && !named->second.empty()) return named->second;
  std::string name;
  for (std::size_t i = 0; i < input.table.knobs.size() && i < row.knobs.size(); ++i)
    if (!row.knobs[i].empty())
      name += (name.empty() ? "" : " ") + input.table.knobs[i] + "=" + row.knobs[i];
  return name.empty() ? row.model.substr(0, 8) : name;
}

std::shared_ptr<const messages::ProfileTimes> profile_of(const ReportInput& input,
                                                         const std::string& model,
                                                         const Setting& setting) {
  for (const ModelProfile& profile : input.profiles)
    if (profile.model == model && profile.setting == setting) return profile.times;
  return nullptr;
}

void mark_front(std::vector<ReportModel>& models) {
  std::vector<std::size_t> with_both;
  std::vector<stats::ObjectivePoint> points;
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (!models[i].accuracy || !models[i].throughput) continue;
    with_both.push_back(i);
    points.push_back({models[i].accuracy->mean, models[i].throughput->value});
  }
  constexpr std::array kUp{stats::Direction::kMaximise, stats::Direction::kMaximise};
  for (const std::size_t i : stats::pareto_front(points, kUp))
    models[with_both[i]].is_on_front = true;
}

/// The main context and setting of the table, and what else it holds.
void choose_context(const store::ResultsTable& table, ReportModels& result) {
  std::map<Context, int> contexts;
  std::map<Setting, int> settings;
  for (const store::ResultRow& row : table.rows) {
    if (is_timed(row.metric)) ++settings[setting_of(row)];
    if (!row.dataset.empty() && !is_timed(row.metric)) ++contexts[{row.dataset, row.recipe}];
  }
  result.setting = most_frequent(settings);
  const Context main = most_frequent(contexts);
  result.dataset = main.first;
  result.recipe = main.second;
  for (const auto& [context, count] : contexts)
    if (context != main)
      result.other_contexts.push_back("data " + context.first + " with recipe " + context.second);
}

}  // namespace

const ReportModel* ReportModels::reference() const {
  for (const ReportModel& model : models)
    if (model.is_reference) return &model;
  return nullptr;
}

ReportModels report_models(const ReportInput& input) {
  ReportModels result;
  result.knobs = input.table.knobs;
  choose_context(input.table, result);
  std::vector<ModelGatherer> gatherers;
  std::map<std::string, std::size_t> index;
  for (const store::ResultRow& row : input.table.rows) {
    if (row.model.empty() || !std::isfinite(row.value)) continue;
    const auto [at, is_new] = index.try_emplace(row.model, gatherers.size());
    if (is_new) {
      ReportModel model;
      model.id = row.model;
      model.name = model_name(input, row);
      model.number = static_cast<int>(gatherers.size()) + 1;
      model.knobs = row.knobs;
      model.is_reference = row.model == input.plan.reference;
      model.profile = profile_of(input, row.model, result.setting);
      model.budget_metric = row.budget_metric;
      model.budget = row.budget;
      gatherers.emplace_back(std::move(model));
    }
    if (is_timed(row.metric)) {
      gatherers[at->second].add_timed(row, setting_of(row), result.setting);
    } else if (row.dataset.empty() ||
               (row.dataset == result.dataset && row.recipe == result.recipe)) {
      gatherers[at->second].add(row);
    }
  }
  for (ModelGatherer& gatherer : gatherers) {
    result.models.push_back(gatherer.finish());
    for (const ModelHeads& heads : input.heads)
      if (heads.model == result.models.back().id) result.models.back().heads.push_back(heads.facts);
    for (const LayerValue& layer : result.models.back().similarity)
      if (input.small_grids.contains({result.models.back().id, layer.layer}))
        result.has_small_grids = true;
  }
  mark_front(result.models);
  return result;
}

bool is_earlier_layer(const std::string& a, const std::string& b) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      std::size_t end_a = i, end_b = j;
      while (end_a < a.size() && is_digit(a[end_a])) ++end_a;
      while (end_b < b.size() && is_digit(b[end_b])) ++end_b;
      if (end_a - i != end_b - j) return end_a - i < end_b - j;
      const int order = a.compare(i, end_a - i, b, j, end_b - j);
      if (order != 0) return order < 0;
      i = end_a;
      j = end_b;
    } else {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i;
      ++j;
    }
  }
  return a.size() - i < b.size() - j;
}

}  // namespace vitlab::facts
