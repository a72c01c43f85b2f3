#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "stats/intervals.h"

namespace vitlab::stats {

/// One measured value: a level of the factor under study (an index that orders the levels) in a
/// block, which is everything that was held equal.
struct EffectRow {
  std::string block;
  std::int64_t seed = 0;
  std::int64_t level = 0;
  double value = 0;
};

/// Rows arranged for comparing levels inside blocks; made by tabulate().
struct EffectTable {
  std::vector<std::int64_t> levels;  // ascending
  std::vector<std::string> blocks;   // ascending; only those with at least two levels
  std::vector<std::vector<std::vector<double>>> cells;  // [block][level] -> one value per seed
  double seed_deviation = 0;  // pooled deviation inside cells; NaN where no cell has two seeds
  double seeds_per_cell = 0;  // mean over the cells that hold values
  bool is_connected = false;  // every two levels are linked by blocks, so effects are comparable

  /// The position of a level that the table holds.
  std::size_t position_of(std::int64_t level) const;
};

/// Sorts rows into cells. Repeated rows count once; several values of one block, seed and level are
/// averaged; a block with one level compares nothing and is left out. The order does not matter.
EffectTable tabulate(std::span<const EffectRow> rows);

/// Main effect of every level: the least-squares fit of cell mean = block + effect with effects
/// that sum to zero, which for complete blocks is the mean deviation from the block mean
/// (within-block centring). The table must be connected.
std::vector<double> level_effects(const EffectTable& table);

/// The effects and how they vary when blocks, then seeds inside cells, are drawn again.
struct EffectBootstrap {
  std::vector<double> effects;             // per level
  std::vector<std::vector<double>> draws;  // [draw][level]; draws that lost a level are left out
  std::int64_t blocks = 0;
  double confidence = 0.95;
};

/// Joint cluster bootstrap of all level effects; the table must be connected.
EffectBootstrap bootstrap_effects(const EffectTable& table, const BootstrapSettings& settings = {});

/// One estimate per level with Hesterberg's widened percentiles (see expanded_interval).
std::vector<Estimate> effect_estimates(const EffectBootstrap& bootstrap);

/// Mean effect of the positions `to` minus that of the positions `from`, from the joint draws.
Estimate effect_contrast(const EffectBootstrap& bootstrap, std::span<const std::size_t> from,
                         std::span<const std::size_t> to);

/// Per block that holds some of both: mean of the cell means at `to` minus mean at `from`
/// (positions), for sign_flip_p_value and blocks_needed.
std::vector<double> block_contrasts(const EffectTable& table, std::span<const std::size_t> from,
                                    std::span<const std::size_t> to);

/// Share of values above zero, ties counting half: the probability of superiority of paired
/// differences (Bouthillier et al. 2021).
double probability_of_superiority(std::span<const double> differences);

}  // namespace vitlab::stats
