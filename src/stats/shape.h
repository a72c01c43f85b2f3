#pragma once

#include <cstdint>
#include <string_view>

#include "stats/best_levels.h"
#include "stats/effects.h"

namespace vitlab::stats {

/// What to do with a factor.
enum class Shape { kRaise, kLower, kKeepBetween, kIndifferent };

/// "raise", "lower", "keep between", "indifferent".
std::string_view shape_name(Shape shape);

struct ShapeSettings {
  Direction direction = Direction::kMaximise;
  double alpha = 0.05;
  std::int64_t draws = 2000;
  std::uint64_t seed = 0;
};

/// How the metric answers to the factor, and the tests behind it.
struct ShapeVerdict {
  Shape shape = Shape::kIndifferent;
  double spearman = 0;     // of level against effect
  double trend = 0;        // slope of the cell means, per level step, inside blocks
  double trend_p = 1;      // permutation of the levels inside blocks, two-sided
  double curvature = 0;    // coefficient of the squared step; negative is a hump
  double curvature_p = 1;  // the same permutations
  double p_value = 1;      // of any shape: min(1, 2 min(trend_p, curvature_p))
};

/// Raise (lower): the best range reaches the highest (lowest) level and the trend points there.
/// Keep between: it lies inside and the curvature, better in the middle, has p <= alpha.
/// Indifferent: no range, or the tests do not agree with it. Levels count as evenly spaced. The
/// table must be connected; the p-values are (1 + hits) / (1 + draws).
ShapeVerdict judge_shape(const EffectTable& table, const BestLevels& best,
                         const ShapeSettings& settings = {});

}  // namespace vitlab::stats
