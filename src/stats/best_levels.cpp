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

struct Candidate {
  std::size_t position = 0;
  double value = 0;  // centred in its block, larger is better
};

std::vector<Candidate> centred_cells(const EffectTable& table, double sign) {
  const std::vector<double> effects = level_effects(table);
  std::vector<Candidate> candidates;
  for (const auto& cells : table.cells) {
    // The block's own term: what its cells have left once the level effects are taken out.
    std::vector<double> rest;
    for (std::size_t l = 0; l < cells.size(); ++l) {
      if (!cells[l].empty()) rest.push_back(mean(cells[l]) - effects[l]);
    }
    const double block = mean(rest);
    for (std::size_t l = 0; l < cells.size(); ++l) {
      if (!cells[l].empty()) candidates.push_back({l, sign * (mean(cells[l]) - block)});
    }
  }
  return candidates;
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

LikelyBest likely_best(const EffectTable& table, const LikelyBestSettings& settings) {
  core::ensure(settings.draws > 0 && settings.share > 0 && settings.share <= 1,
               "a cross-check draws a share of the cells at least once");
  const std::vector<Candidate> cells = centred_cells(table, sign_of(settings.direction));
  const auto sample = static_cast<std::size_t>(
      std::max(1.0, std::round(settings.share * static_cast<double>(cells.size()))));
  core::Random random(settings.seed);
  std::vector<std::size_t> winners;
  for (std::int64_t draw = 0; draw < settings.draws; ++draw) {
    const Candidate* winner = &cells[random.below(cells.size())];
    for (std::size_t i = 1; i < sample; ++i) {
      const Candidate& other = cells[random.below(cells.size())];
      if (other.value > winner->value) winner = &other;
    }
    winners.push_back(winner->position);
  }
  std::sort(winners.begin(), winners.end());
  const auto at = [&](double probability) {
    const double rank = std::round(probability * static_cast<double>(winners.size() - 1));
    return table.levels[winners[static_cast<std::size_t>(rank)]];
  };
  const double tail = (1 - settings.confidence) / 2;
  return {at(tail), at(0.5), at(1 - tail)};
}

}  // namespace vitlab::stats
