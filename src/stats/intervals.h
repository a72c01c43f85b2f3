#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace vitlab::stats {

struct Interval {
  double low = 0;
  double high = 0;

  bool contains(double value) const { return low <= value && value <= high; }
};

/// A statistic of the data at hand and the interval that a confidence was asked for.
struct Estimate {
  double value = 0;
  double low = 0;
  double high = 0;

  /// Whether the interval lies wholly above or wholly below zero.
  bool is_off_zero() const { return low > 0 || high < 0; }
};

/// How a bootstrap draws; the same settings and data give the same bytes.
struct BootstrapSettings {
  double confidence = 0.95;
  std::int64_t draws = 4000;
  std::uint64_t seed = 0;
};

/// Wilson's score interval of a share (accuracy): 0 <= successes <= trials, trials > 0.
Interval wilson_interval(std::int64_t successes, std::int64_t trials, double confidence = 0.95);

using Statistic = std::function<double(std::span<const double>)>;

/// Percentile bootstrap of any statistic over values; the order of the values does not matter.
Estimate bootstrap(std::span<const double> values, const Statistic& statistic,
                   const BootstrapSettings& settings = {});
Estimate bootstrap_mean(std::span<const double> values, const BootstrapSettings& settings = {});
Estimate bootstrap_median(std::span<const double> values, const BootstrapSettings& settings = {});

/// A statistic of some rows, named by their indices; NaN where it is undefined for that draw.
using RowStatistic = std::function<double(std::span<const std::size_t>)>;

/// Percentile bootstrap over whole rows, for statistics of several columns; draws where the
/// statistic is NaN are left out, and the interval is NaN where no draw is left.
Estimate bootstrap_rows(std::size_t rows, const RowStatistic& statistic,
                        const BootstrapSettings& settings = {});

/// Two-stage bootstrap of the mean of block means: blocks with replacement, then values inside each
/// drawn block. The percentiles are widened for few blocks (Hesterberg 2015, "expanded percentile":
/// tail Phi(-sqrt(n/(n-1)) t_{n-1})). Needs no order; with one block the interval is NaN.
Estimate cluster_bootstrap_mean(std::span<const std::vector<double>> blocks,
                                const BootstrapSettings& settings = {});

/// The central interval of bootstrap draws (plain percentile).
Interval percentile_interval(std::vector<double> draws, double confidence);

/// The same with Hesterberg's widening for `clusters` resampled units; NaN for fewer than two.
Interval expanded_interval(std::vector<double> draws, double confidence, std::int64_t clusters);

}  // namespace vitlab::stats
