#include "stats/summary.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "stats/undefined.h"

namespace vitlab::stats {
namespace {

void ensure_usable(std::span<const double> values) {
  core::ensure(!values.empty(), "a statistic is taken of at least one value");
  core::ensure(std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); }),
               "a statistic is taken of finite values");
}

}  // namespace

std::vector<double> sorted_copy(std::span<const double> values) {
  ensure_usable(values);
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

double quantile_of_sorted(std::span<const double> sorted, double probability) {
  core::ensure(!sorted.empty(), "a quantile is taken of at least one value");
  core::ensure(probability >= 0 && probability <= 1, "a quantile's probability is in [0, 1]");
  const double position = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  if (below + 1 >= sorted.size()) return sorted.back();
  const double share = position - static_cast<double>(below);
  return sorted[below] + share * (sorted[below + 1] - sorted[below]);
}

double quantile(std::span<const double> values, double probability) {
  return quantile_of_sorted(sorted_copy(values), probability);
}

double median(std::span<const double> values) { return quantile(values, 0.5); }

double mean(std::span<const double> values) {
  ensure_usable(values);
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double standard_deviation(std::span<const double> values) {
  const double centre = mean(values);
  if (values.size() < 2) return kUndefined;
  double sum = 0;
  for (const double value : values) sum += (value - centre) * (value - centre);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

double median_absolute_deviation(std::span<const double> values) {
  const double centre = median(values);
  std::vector<double> distances;
  distances.reserve(values.size());
  for (const double value : values) distances.push_back(std::abs(value - centre));
  return median(distances);
}

Summary summarise(std::span<const double> values) {
  const std::vector<double> sorted = sorted_copy(values);
  Summary summary;
  summary.count = static_cast<std::int64_t>(sorted.size());
  summary.mean = mean(sorted);
  summary.standard_deviation = standard_deviation(sorted);
  summary.median = quantile_of_sorted(sorted, 0.5);
  summary.p5 = quantile_of_sorted(sorted, 0.05);
  summary.p25 = quantile_of_sorted(sorted, 0.25);
  summary.p75 = quantile_of_sorted(sorted, 0.75);
  summary.p95 = quantile_of_sorted(sorted, 0.95);
  summary.min = sorted.front();
  summary.max = sorted.back();
  summary.median_absolute_deviation = median_absolute_deviation(sorted);
  return summary;
}

}  // namespace vitlab::stats
