#pragma once

#include <cstdint>
#include <vector>

#include "stats/effects.h"
#include "stats/pareto.h"

namespace vitlab::stats {

/// Which way the metric is better and what difference is worth talking about (metric's unit).
struct BestLevelSettings {
  Direction direction = Direction::kMaximise;
  double margin = 0;
  double confidence = 0.95;
};

/// The levels that may be the best ones, given what was measured.
struct BestLevels {
  std::vector<std::int64_t> levels;  // the confidence set, ascending
  std::int64_t best = 0;             // the level with the best estimate
  double margin = 0;                 // the difference that was tolerated
  bool is_range = false;             // contiguous among the levels measured, and not all of them
};

/// max(margin, 2 sigma_seed / sqrt(seeds)): differences below it drown in the noise of seeds. The
/// margin alone where no cell holds two seeds.
double tolerated_margin(const EffectTable& table, double margin);

/// A level is left out if the best one beats it by more than the tolerated margin, judged by lower
/// bounds that hold for all pairs of levels at once: the quantile of the largest move of any
/// difference over one joint bootstrap, times sqrt(n/(n-1)) t_{n-1} / z for n blocks. All levels
/// stay where there are fewer than two blocks or draws.
BestLevels best_levels(const EffectTable& table, const EffectBootstrap& bootstrap,
                       const BestLevelSettings& settings = {});

}  // namespace vitlab::stats
