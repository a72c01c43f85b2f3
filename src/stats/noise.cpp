#include "stats/noise.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/error.h"
#include "stats/summary.h"
#include "stats/undefined.h"

namespace vitlab::stats {
namespace {

constexpr std::size_t kLongestSeries = 1000;

std::vector<double> medians_of_stretches(std::span<const double> values, std::size_t count) {
  std::vector<double> medians;
  medians.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t begin = i * values.size() / count;
    const std::size_t end = (i + 1) * values.size() / count;
    medians.push_back(median(values.subspan(begin, end - begin)));
  }
  return medians;
}

}  // namespace

double relative_iqr(std::span<const double> values) {
  const std::vector<double> sorted = sorted_copy(values);
  const double middle = quantile_of_sorted(sorted, 0.5);
  if (middle == 0) return kUndefined;
  return (quantile_of_sorted(sorted, 0.75) - quantile_of_sorted(sorted, 0.25)) / std::abs(middle);
}

double half_drift(std::span<const double> in_time_order) {
  core::ensure(!in_time_order.empty(), "drift is taken of at least one value");
  if (in_time_order.size() < 4) return 0;
  const std::size_t half = in_time_order.size() / 2;
  const double first = median(in_time_order.first(half));
  const double last = median(in_time_order.last(half));
  return first == 0 ? kUndefined : last / first - 1;
}

double theil_sen_slope(std::span<const double> in_time_order) {
  core::ensure(!in_time_order.empty(), "a slope is taken of at least one value");
  if (in_time_order.size() < 2) return 0;
  if (in_time_order.size() > kLongestSeries) {
    const double steps_a_stretch =
        static_cast<double>(in_time_order.size()) / static_cast<double>(kLongestSeries);
    return theil_sen_slope(medians_of_stretches(in_time_order, kLongestSeries)) / steps_a_stretch;
  }
  std::vector<double> slopes;
  slopes.reserve(in_time_order.size() * (in_time_order.size() - 1) / 2);
  for (std::size_t i = 0; i < in_time_order.size(); ++i) {
    for (std::size_t j = i + 1; j < in_time_order.size(); ++j) {
      slopes.push_back((in_time_order[j] - in_time_order[i]) / static_cast<double>(j - i));
    }
  }
  return median(slopes);
}

NoiseVerdict judge_noise(std::span<const double> in_time_order, const NoiseLimits& limits) {
  const double middle = median(in_time_order);
  core::ensure(middle > 0, "noise is judged of positive timings");
  NoiseVerdict verdict;
  verdict.relative_iqr = relative_iqr(in_time_order);
  verdict.half_drift = half_drift(in_time_order);
  verdict.theil_sen_drift =
      theil_sen_slope(in_time_order) * static_cast<double>(in_time_order.size()) / middle;
  verdict.is_noisy = verdict.relative_iqr > limits.relative_iqr;
  verdict.is_drifting = std::abs(verdict.half_drift) > limits.drift &&
                        std::abs(verdict.theil_sen_drift) > limits.drift &&
                        (verdict.half_drift > 0) == (verdict.theil_sen_drift > 0);
  return verdict;
}

}  // namespace vitlab::stats
