#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace vitlab::stats {

// Everywhere in stats: an empty input or a NaN or infinite value breaks a promise
// (std::logic_error); a quantity that the data leave undefined (the spread of one value, the
// correlation with a constant) is NaN.

/// The order statistics and moments of a sample, in the unit of its values.
struct Summary {
  std::int64_t count = 0;
  double mean = 0;
  double standard_deviation = 0;  // n - 1 in the denominator; NaN for one value
  double median = 0;
  double p5 = 0;
  double p25 = 0;
  double p75 = 0;
  double p95 = 0;
  double min = 0;
  double max = 0;
  double median_absolute_deviation = 0;  // median |x - median|, not scaled
};

Summary summarise(std::span<const double> values);

/// Arithmetic mean, summed in the order given.
double mean(std::span<const double> values);
double median(std::span<const double> values);
/// Sample standard deviation (n - 1); NaN for one value.
double standard_deviation(std::span<const double> values);
/// Unscaled median of |x - median|.
double median_absolute_deviation(std::span<const double> values);

/// The quantile at `probability` in [0, 1] with linear interpolation (type 7 of Hyndman and Fan
/// 1996, NumPy's default).
double quantile(std::span<const double> values, double probability);
/// The same for values already in ascending order, without a copy.
double quantile_of_sorted(std::span<const double> sorted, double probability);

/// A copy in ascending order; checks that every value is finite and that there is one.
std::vector<double> sorted_copy(std::span<const double> values);

}  // namespace vitlab::stats
