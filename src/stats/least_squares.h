#pragma once

#include <span>
#include <vector>

namespace vitlab::stats {

/// A linear model of the features; `leave_one_out_r2` says how far it can be trusted.
struct LinearModel {
  double intercept = 0;
  std::vector<double> coefficients;  // per feature, in its own unit
  double r2 = 0;                     // NaN for constant targets
  double leave_one_out_r2 = 0;       // 1 - PRESS / total; NaN where a row alone decides its fit
};

/// The model's value at one point.
double predict(const LinearModel& model, std::span<const double> features);

/// Least squares by normal equations and Cholesky; `ridge` >= 0 is added per row-sum to the squared
/// coefficients of the standardised features (population deviation), the intercept is free. A
/// constant feature, or without ridge one that depends on earlier features, gets coefficient 0.
/// `leave_one_out_r2` is exact for the fixed standardisation (Allen's PRESS, 1974). Needs at least
/// one row; all rows have the same number of features.
LinearModel fit_linear(std::span<const std::vector<double>> rows, std::span<const double> targets,
                       double ridge = 0);

}  // namespace vitlab::stats
