#include "stats/effects.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/random.h"
#include "stats/cholesky.h"
#include "stats/summary.h"
#include "stats/undefined.h"

namespace vitlab::stats {
namespace {

/// Cell means of one block; the levels it lacks are NaN.
using BlockMeans = std::vector<double>;

/// Adds one block to the normal equations of the effects once block terms are eliminated: over the
/// m levels it holds, 1 - 1/m on the diagonal and -1/m beside it.
void add_block(const BlockMeans& means, std::vector<std::vector<double>>& matrix,
               std::vector<double>& right) {
  std::vector<std::size_t> held;
  double sum = 0;
  for (std::size_t l = 0; l < means.size(); ++l) {
    if (std::isnan(means[l])) continue;
    held.push_back(l);
    sum += means[l];
  }
  if (held.size() < 2) return;
  const double count = static_cast<double>(held.size());
  for (const std::size_t i : held) {
    right[i] += means[i] - sum / count;
    matrix[i][i] += 1;
    for (const std::size_t j : held) matrix[i][j] -= 1 / count;
  }
}

/// Nothing where the blocks do not link all levels.
std::optional<std::vector<double>> fit_effects(std::span<const BlockMeans> blocks,
                                               std::size_t levels) {
  // The constant makes the zero-sum solution the only one.
  std::vector<std::vector<double>> matrix(levels, std::vector<double>(levels, 1.0));
  std::vector<double> right(levels, 0);
  for (const BlockMeans& means : blocks) add_block(means, matrix, right);
  Cholesky factor;
  for (std::size_t i = 0; i < levels; ++i) {
    if (!factor.append(std::span(matrix[i]).first(i + 1))) return std::nullopt;
  }
  return factor.solve(right);
}

BlockMeans means_of(const std::vector<std::vector<double>>& cells) {
  BlockMeans means;
  for (const std::vector<double>& cell : cells) {
    means.push_back(cell.empty() ? kUndefined : mean(cell));
  }
  return means;
}

BlockMeans resampled_means(const std::vector<std::vector<double>>& cells, core::Random& random) {
  BlockMeans means;
  for (const std::vector<double>& cell : cells) {
    double sum = 0;
    for (std::size_t i = 0; i < cell.size(); ++i) sum += cell[random.below(cell.size())];
    means.push_back(cell.empty() ? kUndefined : sum / static_cast<double>(cell.size()));
  }
  return means;
}

std::vector<BlockMeans> all_means(const EffectTable& table) {
  std::vector<BlockMeans> means;
  for (const auto& cells : table.cells) means.push_back(means_of(cells));
  return means;
}

double mean_at(std::span<const double> values, std::span<const std::size_t> positions) {
  double sum = 0;
  double count = 0;
  for (const std::size_t position : positions) {
    core::ensure(position < values.size(), "a level's position is inside the table");
    if (std::isnan(values[position])) continue;
    sum += values[position];
    count += 1;
  }
  return sum / count;  // NaN for none
}

using Key = std::tuple<std::string, std::int64_t, std::int64_t>;  // block, level, seed

/// One value a key: repeated values once, different ones averaged.
std::map<Key, double> distinct_values(std::span<const EffectRow> rows) {
  std::map<Key, std::set<double>> seen;
  for (const EffectRow& row : rows) {
    core::ensure(std::isfinite(row.value), "effects are of finite values");
    seen[{row.block, row.level, row.seed}].insert(row.value);
  }
  std::map<Key, double> values;
  for (const auto& [key, repeats] : seen) {
    values[key] = mean(std::vector<double>(repeats.begin(), repeats.end()));
  }
  return values;
}

void summarise_cells(EffectTable& table) {
  double squares = 0;
  double degrees = 0;
  double values = 0;
  double filled = 0;
  for (const auto& block : table.cells) {
    for (const std::vector<double>& cell : block) {
      if (cell.empty()) continue;
      filled += 1;
      values += static_cast<double>(cell.size());
      if (cell.size() < 2) continue;
      const double spread = standard_deviation(cell);
      const double free = static_cast<double>(cell.size() - 1);
      squares += spread * spread * free;
      degrees += free;
    }
  }
  table.seed_deviation = degrees > 0 ? std::sqrt(squares / degrees) : kUndefined;
  table.seeds_per_cell = filled > 0 ? values / filled : 0;
  table.is_connected =
      !table.levels.empty() && fit_effects(all_means(table), table.levels.size()).has_value();
}

}  // namespace

std::size_t EffectTable::position_of(std::int64_t level) const {
  const auto found = std::lower_bound(levels.begin(), levels.end(), level);
  core::ensure(found != levels.end() && *found == level, "the table holds the level asked for");
  return static_cast<std::size_t>(found - levels.begin());
}

EffectTable tabulate(std::span<const EffectRow> rows) {
  const std::map<Key, double> values = distinct_values(rows);
  std::map<std::string, std::set<std::int64_t>> levels_of_block;
  for (const auto& [key, value] : values) {
    levels_of_block[std::get<0>(key)].insert(std::get<1>(key));
  }
  EffectTable table;
  std::set<std::int64_t> levels;
  for (const auto& [block, held] : levels_of_block) {
    if (held.size() < 2) continue;
    table.blocks.push_back(block);
    levels.insert(held.begin(), held.end());
  }
  table.levels.assign(levels.begin(), levels.end());
  table.cells.assign(table.blocks.size(), std::vector<std::vector<double>>(levels.size()));
  for (const auto& [key, value] : values) {
    const auto& [block, level, seed] = key;
    const auto found = std::lower_bound(table.blocks.begin(), table.blocks.end(), block);
    if (found == table.blocks.end() || *found != block) continue;
    table.cells[static_cast<std::size_t>(found - table.blocks.begin())][table.position_of(level)]
        .push_back(value);
  }
  summarise_cells(table);
  return table;
}

std::vector<double> level_effects(const EffectTable& table) {
  core::ensure(table.is_connected, "effects are taken of levels that blocks connect");
  return *fit_effects(all_means(table), table.levels.size());
}

EffectBootstrap bootstrap_effects(const EffectTable& table, const BootstrapSettings& settings) {
  core::ensure(settings.draws > 0 && settings.confidence > 0 && settings.confidence < 1,
               "a bootstrap has draws and a confidence inside (0, 1)");
  EffectBootstrap bootstrap;
  bootstrap.effects = level_effects(table);
  bootstrap.blocks = static_cast<std::int64_t>(table.blocks.size());
  bootstrap.confidence = settings.confidence;
  core::Random random(settings.seed);
  std::vector<BlockMeans> drawn(table.cells.size());
  for (std::int64_t draw = 0; draw < settings.draws; ++draw) {
    for (BlockMeans& block : drawn) {
      block = resampled_means(table.cells[random.below(table.cells.size())], random);
    }
    if (auto effects = fit_effects(drawn, table.levels.size())) {
      bootstrap.draws.push_back(std::move(*effects));
    }
  }
  return bootstrap;
}

std::vector<Estimate> effect_estimates(const EffectBootstrap& bootstrap) {
  std::vector<Estimate> estimates;
  for (std::size_t l = 0; l < bootstrap.effects.size(); ++l) {
    std::vector<double> draws;
    draws.reserve(bootstrap.draws.size());
    for (const std::vector<double>& draw : bootstrap.draws) draws.push_back(draw[l]);
    const Interval interval =
        expanded_interval(std::move(draws), bootstrap.confidence, bootstrap.blocks);
    estimates.push_back({bootstrap.effects[l], interval.low, interval.high});
  }
  return estimates;
}

Estimate effect_contrast(const EffectBootstrap& bootstrap, std::span<const std::size_t> from,
                         std::span<const std::size_t> to) {
  core::ensure(!from.empty() && !to.empty(), "a contrast has levels on both sides");
  const auto difference = [&](const std::vector<double>& effects) {
    return mean_at(effects, to) - mean_at(effects, from);
  };
  std::vector<double> draws;
  draws.reserve(bootstrap.draws.size());
  for (const std::vector<double>& draw : bootstrap.draws) draws.push_back(difference(draw));
  const Interval interval =
      expanded_interval(std::move(draws), bootstrap.confidence, bootstrap.blocks);
  return {difference(bootstrap.effects), interval.low, interval.high};
}

std::vector<double> block_contrasts(const EffectTable& table, std::span<const std::size_t> from,
                                    std::span<const std::size_t> to) {
  std::vector<double> contrasts;
  for (const BlockMeans& means : all_means(table)) {
    const double difference = mean_at(means, to) - mean_at(means, from);
    if (!std::isnan(difference)) contrasts.push_back(difference);
  }
  return contrasts;
}

double probability_of_superiority(std::span<const double> differences) {
  core::ensure(!differences.empty(), "superiority is judged of at least one difference");
  double share = 0;
  for (const double difference : differences) {
    share += difference > 0 ? 1.0 : difference == 0 ? 0.5 : 0.0;
  }
  return share / static_cast<double>(differences.size());
}

}  // namespace vitlab::stats
