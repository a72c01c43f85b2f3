#include "stats/sign_flip.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/random.h"
#include "stats/normal.h"
#include "stats/summary.h"

namespace vitlab::stats {
namespace {

constexpr double kMostBlocks = 1e6;

/// Largest magnitudes first, so that neither the order nor the labels of blocks matter.
std::vector<double> canonical(std::span<const double> differences) {
  std::vector<double> sorted = sorted_copy(differences);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](double a, double b) { return std::abs(a) > std::abs(b); });
  return sorted;
}

/// The |sum| from which on a sign pattern counts as extreme as the data; the slack absorbs the
/// rounding of sums that are equal on paper.
double extreme_sum(const std::vector<double>& differences) {
  double sum = 0;
  double magnitude = 0;
  for (const double difference : differences) {
    sum += difference;
    magnitude += std::abs(difference);
  }
  return std::abs(sum) - 1e-12 * magnitude;
}

std::int64_t count_extreme(std::span<const double> rest, double sum, double limit) {
  if (rest.empty()) return std::abs(sum) >= limit ? 1 : 0;
  const auto tail = rest.subspan(1);
  return count_extreme(tail, sum + rest[0], limit) + count_extreme(tail, sum - rest[0], limit);
}

}  // namespace

double sign_flip_p_value(std::span<const double> differences) {
  const std::vector<double> sorted = canonical(differences);
  core::ensure(static_cast<std::int64_t>(sorted.size()) <= kMostExactBlocks,
               "the exact sign-flip test takes at most 20 differences");
  // Flipping all signs keeps |sum|, so the first sign may stay.
  const std::int64_t hits =
      count_extreme(std::span(sorted).subspan(1), sorted.front(), extreme_sum(sorted));
  return std::ldexp(static_cast<double>(hits), 1 - static_cast<int>(sorted.size()));
}

double sampled_sign_flip_p_value(std::span<const double> differences, std::int64_t draws,
                                 std::uint64_t seed) {
  core::ensure(draws > 0, "a sampled test has at least one draw");
  const std::vector<double> sorted = canonical(differences);
  const double limit = extreme_sum(sorted);
  core::Random random(seed);
  std::int64_t hits = 0;
  for (std::int64_t draw = 0; draw < draws; ++draw) {
    double sum = 0;
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      if (i % 64 == 0) bits = random.next();
      sum += (bits & 1U) != 0 ? sorted[i] : -sorted[i];
      bits >>= 1U;
    }
    if (std::abs(sum) >= limit) ++hits;
  }
  return static_cast<double>(1 + hits) / static_cast<double>(1 + draws);
}

double smallest_sign_flip_p(std::int64_t blocks) {
  core::ensure(blocks >= 0, "a number of blocks is not negative");
  return blocks == 0 ? 1.0 : std::exp2(1.0 - static_cast<double>(blocks));
}

std::optional<std::int64_t> blocks_needed(double mean, double standard_deviation,
                                          const PowerTarget& target) {
  core::ensure(target.alpha > 0 && target.alpha < 1 && target.power > 0 && target.power < 1,
               "alpha and power are inside (0, 1)");
  if (!std::isfinite(mean) || !std::isfinite(standard_deviation) || mean == 0) return std::nullopt;
  const double z_alpha = normal_quantile(1 - target.alpha / 2);
  const double z_power = normal_quantile(target.power);
  const double ratio = (z_alpha + z_power) * standard_deviation / mean;
  const double by_power = ratio * ratio + (standard_deviation > 0 ? z_alpha * z_alpha / 2 : 0);
  const double by_alpha = 1 - std::log2(target.alpha);
  const double needed = std::ceil(std::max({by_power, by_alpha, 2.0}) - 1e-12);
  if (needed > kMostBlocks) return std::nullopt;
  return static_cast<std::int64_t>(needed);
}

std::optional<std::int64_t> blocks_needed(std::span<const double> differences,
                                          const PowerTarget& target) {
  if (differences.size() < 2) return std::nullopt;
  return blocks_needed(vitlab::stats::mean(differences),
                       vitlab::stats::standard_deviation(differences), target);
}

}  // namespace vitlab::stats
