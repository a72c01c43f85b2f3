#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "guide/comparison.h"
#include "guide/guideline.h"

namespace vitlab::guide {

inline constexpr std::int64_t kFewestBlocks = 3;     // below it nothing is tested
inline constexpr std::int64_t kBootstrapBlocks = 5;  // from here on blocks are resampled

/// The levels of a factor that may be the best for one metric, and the test behind that.
struct LevelClaim {
  stats::EffectBootstrap bootstrap;
  std::vector<std::size_t> range;  // positions in the table's levels, ascending
  std::vector<std::size_t> from;   // those compared with: the reference level, or all others
  bool is_range = false;           // a proper part of the levels, contiguous if they are numbers
  double p = 1;                    // that the levels do not differ
};

/// Nothing where the blocks do not connect the levels or are fewer than kFewestBlocks. `reference`
/// is the level in use ("" if unknown).
std::optional<LevelClaim> claim_levels(const Comparison& comparison, const Factor& factor,
                                       stats::Direction direction, const std::string& reference,
                                       const GuideOptions& options, double margin);

/// p that no level differs from another. Two levels: the exact sign-flip test below
/// kBootstrapBlocks blocks, else Student's t of the bootstrap's standard error, n - 1 degrees.
/// More levels: permutations of the levels inside blocks of the sum of squared level means, all of
/// them if they are few, which for two levels is the sign-flip test.
double level_p_value(const stats::EffectTable& table, const stats::EffectBootstrap& bootstrap,
                     const GuideOptions& options);

/// p of the contrast `to` minus `from`: sign-flip or t as above.
double contrast_p_value(const stats::EffectTable& table, const stats::EffectBootstrap& bootstrap,
                        const std::vector<std::size_t>& from, const std::vector<std::size_t>& to,
                        const GuideOptions& options);

/// Blocks that would settle the difference between the level with the best estimate and the rest:
/// by the spread seen, but at least one more than there are and enough for the sign-flip test to
/// reach 5 %. None where no difference was seen.
std::optional<std::int64_t> blocks_to_settle(const stats::EffectTable& table,
                                             stats::Direction direction);

}  // namespace vitlab::guide
