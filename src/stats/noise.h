#pragma once

#include <span>

namespace vitlab::stats {

/// From where on a series of timings is called noisy or drifting; all are shares of the median.
struct NoiseLimits {
  double relative_iqr = 0.05;
  double drift = 0.03;
};

/// What can be said about the quality of a series of timings, in the order they were taken.
struct NoiseVerdict {
  double relative_iqr = 0;     // (p75 - p25) / median
  double half_drift = 0;       // median of the second half / median of the first half - 1
  double theil_sen_drift = 0;  // Theil-Sen slope times the series' length / median
  bool is_noisy = false;       // relative_iqr above its limit
  bool is_drifting = false;    // both drifts above the limit, with the same sign
  bool is_steady() const { return !is_noisy && !is_drifting; }
};

/// (p75 - p25) / |median|: a spread that a few outliers do not move; NaN for a zero median.
double relative_iqr(std::span<const double> values);

/// Median of the later half / median of the earlier half - 1 (the middle value of an odd count is
/// left out); 0 for fewer than 4 values, NaN where the earlier median is zero.
double half_drift(std::span<const double> in_time_order);

/// Theil-Sen slope: the median slope over all pairs (i < j), in units per step; 0 for one value.
/// Series of more than 1,000 values are first reduced to the medians of 1,000 even stretches.
double theil_sen_slope(std::span<const double> in_time_order);

/// Judges positive timings against `limits`; a drift counts only where both measures see it.
NoiseVerdict judge_noise(std::span<const double> in_time_order, const NoiseLimits& limits = {});

}  // namespace vitlab::stats
