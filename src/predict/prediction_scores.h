#pragma once

#include <span>
#include <string>
#include <vector>

#include "stats/intervals.h"

namespace vitlab::predict {

/// How well predicted times meet measured ones; errors are |predicted / measured - 1|, intervals
/// come from a bootstrap over models.
struct PredictionScore {
  std::string name;
  stats::Estimate within_5, within_10;  // shares of the models
  stats::Estimate rank_correlation;     // Spearman
  double median_error = 0, p90_error = 0;
};

PredictionScore score_predictions(std::string name, std::span<const double> predicted,
                                  std::span<const double> measured);

/// A baseline of one number a model (FLOPs, bytes, a sum of times): seconds = a + b · number, a and
/// b not negative and fitted to relative errors.
struct OneNumberBaseline {
  double once = 0, rate = 0;
  double seconds(double number) const { return once + rate * number; }
};
OneNumberBaseline fit_baseline(std::span<const double> numbers, std::span<const double> seconds);

}  // namespace vitlab::predict
