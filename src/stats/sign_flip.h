#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace vitlab::stats {

/// Most paired differences that sign_flip_p_value enumerates (2^19 sign patterns by symmetry).
inline constexpr std::int64_t kMostExactBlocks = 20;

/// Exact two-sided sign-flip permutation p-value of the mean of `differences` (one per block, at
/// most kMostExactBlocks): the share of the 2^n sign patterns whose |mean| is at least the one
/// seen.
double sign_flip_p_value(std::span<const double> differences);

/// The same from `draws` random sign patterns, (1 + hits) / (1 + draws), for any number of blocks.
double sampled_sign_flip_p_value(std::span<const double> differences, std::int64_t draws,
                                 std::uint64_t seed);

/// The smallest two-sided p that n blocks can reach: 2^(1 - n), 1 for none.
double smallest_sign_flip_p(std::int64_t blocks);

/// What a confirming experiment should achieve.
struct PowerTarget {
  double alpha = 0.05;
  double power = 0.8;
};

/// Blocks that would settle an effect of this mean and standard deviation across blocks: the
/// smallest n with n >= ((z_{1-alpha/2} + z_power) s / mean)^2 + z_{1-alpha/2}^2 / 2 (the normal
/// two-sided test with Guenther's 1981 correction for an estimated spread), n >= 2, and
/// 2^(1-n) <= alpha (the sign-flip test must be able to reach alpha). None where the mean is zero,
/// an input is not finite (one block has no spread), or n would pass a million.
std::optional<std::int64_t> blocks_needed(double mean, double standard_deviation,
                                          const PowerTarget& target = {});
/// The same from the observed differences, one per block.
std::optional<std::int64_t> blocks_needed(std::span<const double> differences,
                                          const PowerTarget& target = {});

}  // namespace vitlab::stats
