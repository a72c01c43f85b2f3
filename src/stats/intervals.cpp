#include "stats/intervals.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"
#include "core/random.h"
#include "stats/normal.h"
#include "stats/summary.h"
#include "stats/undefined.h"

namespace vitlab::stats {
namespace {

void check(const BootstrapSettings& settings) {
  core::ensure(settings.draws > 0, "a bootstrap has at least one draw");
  core::ensure(settings.confidence > 0 && settings.confidence < 1, "a confidence is inside (0, 1)");
}

Interval central_interval(std::vector<double> draws, double tail) {
  if (draws.empty()) return {kUndefined, kUndefined};
  std::sort(draws.begin(), draws.end());
  return {quantile_of_sorted(draws, tail), quantile_of_sorted(draws, 1 - tail)};
}

double resampled_mean(const std::vector<double>& values, core::Random& random) {
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) sum += values[random.below(values.size())];
  return sum / static_cast<double>(values.size());
}

/// Blocks in an order that depends on their content alone.
std::vector<std::vector<double>> canonical_blocks(std::span<const std::vector<double>> blocks) {
  std::vector<std::vector<double>> sorted;
  sorted.reserve(blocks.size());
  for (const std::vector<double>& block : blocks) sorted.push_back(sorted_copy(block));
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace

Interval percentile_interval(std::vector<double> draws, double confidence) {
  return central_interval(std::move(draws), (1 - confidence) / 2);
}

Interval expanded_interval(std::vector<double> draws, double confidence, std::int64_t clusters) {
  if (clusters < 2) return {kUndefined, kUndefined};
  const double n = static_cast<double>(clusters);
  const double t = student_quantile(1 - (1 - confidence) / 2, clusters - 1);
  return central_interval(std::move(draws), normal_cdf(-std::sqrt(n / (n - 1)) * t));
}

Interval wilson_interval(std::int64_t successes, std::int64_t trials, double confidence) {
  core::ensure(trials > 0, "a share has at least one trial");
  core::ensure(successes >= 0 && successes <= trials, "successes are between 0 and the trials");
  core::ensure(confidence > 0 && confidence < 1, "a confidence is inside (0, 1)");
  const double z = normal_quantile(1 - (1 - confidence) / 2);
  const double n = static_cast<double>(trials);
  const double share = static_cast<double>(successes) / n;
  const double scale = 1 + z * z / n;
  const double centre = (share + z * z / (2 * n)) / scale;
  const double half = z / scale * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  // At the ends the formula gives 0 and 1 but for rounding.
  return {successes == 0 ? 0 : centre - half, successes == trials ? 1 : centre + half};
}

Estimate bootstrap(std::span<const double> values, const Statistic& statistic,
                   const BootstrapSettings& settings) {
  const std::vector<double> sorted = sorted_copy(values);
  std::vector<double> sample(sorted.size());
  const auto of_rows = [&](std::span<const std::size_t> rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) sample[i] = sorted[rows[i]];
    return statistic(sample);
  };
  return bootstrap_rows(sorted.size(), of_rows, settings);
}

Estimate bootstrap_mean(std::span<const double> values, const BootstrapSettings& settings) {
  return bootstrap(
      values, [](std::span<const double> x) { return mean(x); }, settings);
}

Estimate bootstrap_median(std::span<const double> values, const BootstrapSettings& settings) {
  return bootstrap(
      values, [](std::span<const double> x) { return median(x); }, settings);
}

Estimate bootstrap_rows(std::size_t rows, const RowStatistic& statistic,
                        const BootstrapSettings& settings) {
  check(settings);
  core::ensure(rows > 0, "a bootstrap resamples at least one row");
  std::vector<std::size_t> chosen(rows);
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  const double value = statistic(chosen);

  core::Random random(settings.seed);
  std::vector<double> draws;
  draws.reserve(static_cast<std::size_t>(settings.draws));
  for (std::int64_t draw = 0; draw < settings.draws; ++draw) {
    for (std::size_t& row : chosen) row = random.below(rows);
    const double drawn = statistic(chosen);
    if (!std::isnan(drawn)) draws.push_back(drawn);
  }
  const Interval interval = percentile_interval(std::move(draws), settings.confidence);
  return {value, interval.low, interval.high};
}

Estimate cluster_bootstrap_mean(std::span<const std::vector<double>> blocks,
                                const BootstrapSettings& settings) {
  check(settings);
  core::ensure(!blocks.empty(), "a cluster bootstrap has at least one block");
  const std::vector<std::vector<double>> sorted = canonical_blocks(blocks);
  const double count = static_cast<double>(sorted.size());
  double value = 0;
  for (const std::vector<double>& block : sorted) value += mean(block) / count;

  core::Random random(settings.seed);
  std::vector<double> draws;
  draws.reserve(static_cast<std::size_t>(settings.draws));
  for (std::int64_t draw = 0; draw < settings.draws; ++draw) {
    double sum = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      sum += resampled_mean(sorted[random.below(sorted.size())], random);
    }
    draws.push_back(sum / count);
  }
  const Interval interval = expanded_interval(std::move(draws), settings.confidence,
                                              static_cast<std::int64_t>(sorted.size()));
  return {value, interval.low, interval.high};
}

}  // namespace vitlab::stats
