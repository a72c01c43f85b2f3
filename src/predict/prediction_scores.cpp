#include "predict/prediction_scores.h"

#include <cmath>
#include <functional>

#include "core/error.h"
#include "stats/correlation.h"
#include "stats/nonnegative.h"
#include "stats/summary.h"

namespace vitlab::predict {

namespace {

stats::Estimate share_within(const std::vector<double>& errors, double limit) {
  std::vector<double> hits;
  hits.reserve(errors.size());
  for (const double error : errors) hits.push_back(error <= limit ? 1 : 0);
  return stats::bootstrap_mean(hits);
}

}  // namespace

PredictionScore score_predictions(std::string name, std::span<const double> predicted,
                                  std::span<const double> measured) {
  core::ensure(predicted.size() == measured.size() && !measured.empty(), "a prediction a model");
  std::vector<double> errors;
  for (std::size_t i = 0; i < measured.size(); ++i)
    errors.push_back(std::abs(predicted[i] / measured[i] - 1));
  PredictionScore score;
  score.name = std::move(name);
  score.within_5 = share_within(errors, 0.05);
  score.within_10 = share_within(errors, 0.10);
  score.rank_correlation = stats::bootstrap_spearman(predicted, measured);
  score.median_error = stats::median(errors);
  score.p90_error = stats::quantile(errors, 0.9);
  return score;
}

OneNumberBaseline fit_baseline(std::span<const double> numbers, std::span<const double> seconds) {
  std::vector<std::vector<double>> rows;
  const std::vector<double> ones(numbers.size(), 1);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    rows.push_back({1 / seconds[i], numbers[i] / seconds[i]});
  const std::vector<double> fit = stats::fit_nonnegative(rows, ones, ones);
  return {fit[0], fit[1]};
}

}  // namespace vitlab::predict
