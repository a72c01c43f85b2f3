#include "stats/best_levels.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "stats/normal.h"
#include "stats/summary.h"

namespace vitlab::stats {
namespace {

/// How far one draw moves the difference of any two levels from its estimate, at most.
double largest_move(const EffectBootstrap& bootstrap, const std::vector<double>& draw) {
  double lowest = draw[0] - bootstrap.effects[0];
  double highest = lowest;
  for (std::size_t l = 1; l < draw.size(); ++l) {
    const double moved = draw[l] - bootstrap.effects[l];
    lowest = std::min(lowest, moved);
    highest = std::max(highest, moved);
  }
  return highest - lowest;
}

/// The half width that covers the differences of all pairs of levels at once.
double joint_half_width(const EffectBootstrap& bootstrap, double confidence) {
  std::vector<double> moves;
  moves.reserve(bootstrap.draws.size());
  for (const std::vector<double>& draw : bootstrap.draws) {
    moves.push_back(largest_move(bootstrap, draw));
  }
  const double n = static_cast<double>(bootstrap.blocks);
  const double upper = 1 - (1 - confidence) / 2;
  const double few_blocks = std::sqrt(n / (n - 1)) * student_quantile(upper, bootstrap.blocks - 1) /
                            normal_quantile(upper);
  return quantile(moves, confidence) * few_blocks;
}

double sign_of(Direction direction) { return direction == Direction::kMaximise ? 1 : -1; }

/// Positions of the levels that no other level beats by more than `lead`.
std::vector<std::size_t> unbeaten(const std::vector<double>& effects, double sign, double lead) {
  double best = sign * effects[0];
  for (const double effect : effects) best = std::max(best, sign * effect);
  std::vector<std::size_t> positions;
  for (std::size_t l = 0; l < effects.size(); ++l) {
    if (best - sign * effects[l] <= lead) positions.push_back(l);
  }
  return positions;
}

}  // namespace

double tolerated_margin(const EffectTable& table, double margin) {
  core::ensure(margin >= 0, "a margin is not negative");
  if (std::isnan(table.seed_deviation)) return margin;
  return std::max(margin, 2 * table.seed_deviation / std::sqrt(table.seeds_per_cell));
}

BestLevels best_levels(const EffectTable& table, const EffectBootstrap& bootstrap,
                       const BestLevelSettings& settings) {
  core::ensure(bootstrap.effects.size() == table.levels.size(), "the bootstrap is of this table");
  const double sign = sign_of(settings.direction);
  BestLevels result;
  result.margin = tolerated_margin(table, settings.margin);
  const auto best = std::max_element(bootstrap.effects.begin(), bootstrap.effects.end(),
                                     [&](double a, double b) { return sign * a < sign * b; });
  result.best = table.levels[static_cast<std::size_t>(best - bootstrap.effects.begin())];
  if (bootstrap.blocks < 2 || bootstrap.draws.size() < 2) {
    result.levels = table.levels;
    return result;
  }
  const double half_width = joint_half_width(bootstrap, settings.confidence);
  const auto positions = unbeaten(bootstrap.effects, sign, result.margin + half_width);
  for (const std::size_t position : positions) result.levels.push_back(table.levels[position]);
  result.is_range = positions.size() < table.levels.size() &&
                    positions.back() - positions.front() + 1 == positions.size();
  return result;
}

}  // namespace vitlab::stats
