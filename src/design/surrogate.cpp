#include "design/surrogate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/text.h"
#include "guide/observations.h"
#include "stats/summary.h"

namespace vitlab::design {
namespace {

constexpr double kRidge = 0.01;
constexpr double kLeastR2 = 0.3;
constexpr double kTwoSided95 = 1.96;

/// One trained model in one data set and recipe, seeds averaged.
struct TrainedModel {
  std::string setting;
  std::vector<std::string> knobs;  // as in the table
  double macs = 0;
  double params = 0;
  double accuracy = 0;
};

std::vector<TrainedModel> trained_models(const guide::Observations& observations) {
  struct Cell {
    std::vector<std::string> knobs;
    std::vector<double> accuracies;
  };
  std::map<std::pair<std::string, std::string>, Cell> cells;
  for (const guide::MetricObservations& metric : observations.metrics) {
    if (metric.metric->name != "accuracy.top1") continue;
    for (const guide::Observation& row : metric.rows) {
      Cell& cell = cells[{row.context[0] + "; " + row.context[1], row.model}];
      cell.knobs = row.knobs;
      cell.accuracies.push_back(row.value);
    }
  }
  std::vector<TrainedModel> models;
  for (const auto& [key, cell] : cells) {
    const guide::ModelFacts& facts = observations.models.at(key.second);
    if (!facts.macs || !facts.params || *facts.macs <= 0 || *facts.params <= 0) continue;
    models.push_back(
        {key.first, cell.knobs, *facts.macs, *facts.params, stats::mean(cell.accuracies)});
  }
  return models;
}

/// Takes each setting's mean away; returns the mean of these means.
double centre_settings(std::vector<TrainedModel>& models) {
  std::map<std::string, std::vector<double>> accuracies;
  for (const TrainedModel& model : models) accuracies[model.setting].push_back(model.accuracy);
  std::vector<double> means;
  means.reserve(accuracies.size());
  for (const auto& [setting, values] : accuracies) means.push_back(stats::mean(values));
  for (TrainedModel& model : models) model.accuracy -= stats::mean(accuracies[model.setting]);
  return means.empty() ? 0 : stats::mean(means);
}

bool holds_numbers(const SweptKnob& knob) {
  return std::all_of(knob.values.begin(), knob.values.end(),
                     [](const core::Json& value) { return value.is_number(); });
}

}  // namespace

Surrogate::Surrogate(const store::ResultsTable& table, const std::vector<SweptKnob>& knobs,
                     std::vector<std::string>& notes)
    : knobs_(knobs) {
  for (const SweptKnob& knob : knobs_) is_numeric_.push_back(holds_numbers(knob));
  std::vector<std::size_t> columns;
  for (const SweptKnob& knob : knobs_)
    columns.push_back(static_cast<std::size_t>(
        std::find(table.knobs.begin(), table.knobs.end(), knob.name) - table.knobs.begin()));

  std::vector<TrainedModel> models = trained_models(guide::observe(table));
  base_ = centre_settings(models);
  std::vector<std::vector<double>> rows;
  std::vector<double> targets;
  for (const TrainedModel& model : models) {
    std::vector<std::string> cells;
    cells.reserve(columns.size());
    for (const std::size_t column : columns) cells.push_back(model.knobs[column]);
    rows.push_back(features(cells, model.macs, model.params));
    targets.push_back(model.accuracy);
  }
  rows_ = rows.size();
  if (rows_ >= 2 && rows_ >= 2 * rows.front().size()) {
    model_ = stats::fit_linear(rows, targets, kRidge);
    is_fitted_ = model_.leave_one_out_r2 >= kLeastR2;
    error_ =
        std::sqrt(std::max(0.0, 1 - model_.leave_one_out_r2)) * stats::standard_deviation(targets);
    notes.push_back("top-1 accuracy of " + std::to_string(rows_) +
                    " trained models is predicted with leave-one-out R2 = " +
                    core::significant(model_.leave_one_out_r2, 2) +
                    (is_fitted_ ? "" : ", below 0.3: ranked by parameter count"));
  } else {
    notes.push_back(std::to_string(rows_) +
                    " trained models are too few to predict from: ranked by parameter count");
  }
}

std::vector<double> Surrogate::features(const std::vector<std::string>& cells, double macs,
                                        double params) const {
  std::vector<double> features{std::log(macs), std::log(params)};
  for (std::size_t k = 0; k < knobs_.size(); ++k) {
    if (is_numeric_[k]) {
      const auto found = std::find(knobs_[k].cells.begin(), knobs_[k].cells.end(), cells[k]);
      const auto level = static_cast<std::size_t>(found - knobs_[k].cells.begin());
      const bool applies = level < knobs_[k].values.size();
      features.push_back(applies ? knobs_[k].values[level].get<double>() : 0.0);
      continue;
    }
    for (std::size_t l = 1; l < knobs_[k].cells.size(); ++l)
      features.push_back(cells[k] == knobs_[k].cells[l] ? 1 : 0);
  }
  return features;
}

Prediction Surrogate::predict(const std::vector<std::size_t>& levels, const graph::Cost& cost,
                              const std::string& budget_metric) const {
  const auto macs = static_cast<double>(std::max<graph::Index>(1, cost.macs));
  const auto params = static_cast<double>(std::max<graph::Index>(1, cost.parameters));
  Prediction prediction;
  if (!is_fitted_) {
    const bool by_macs = budget_metric == "params";
    prediction.metric = by_macs ? "log_macs" : "log_params";
    prediction.value = std::log(by_macs ? macs : params);
    prediction.basis = "capacity: no trained models predict accuracy here";
    return prediction;
  }
  std::vector<std::string> cells;
  for (std::size_t k = 0; k < knobs_.size(); ++k) cells.push_back(knobs_[k].cells[levels[k]]);
  prediction.metric = "accuracy.top1";
  prediction.value = base_ + vitlab::stats::predict(model_, features(cells, macs, params));
  prediction.low = prediction.value - kTwoSided95 * error_;
  prediction.high = prediction.value + kTwoSided95 * error_;
  prediction.basis =
      "ridge regression on " + std::to_string(rows_) +
      " trained models, leave-one-out R2 = " + core::significant(leave_one_out_r2(), 2);
  return prediction;
}

}  // namespace vitlab::design
