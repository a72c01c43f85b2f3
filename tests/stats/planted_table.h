#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "stats/effects.h"

namespace vitlab::stats {

/// What a made-up experiment looks like: level l of every block is worth `means[l]`.
struct PlantedTable {
  std::vector<double> means;
  int blocks = 8;
  int seeds = 3;
  double block_deviation = 5;    // blocks differ far more than levels do
  double context_deviation = 0;  // of a level from one block to the next
  double seed_deviation = 0.3;
};

inline std::vector<EffectRow> planted_rows(const PlantedTable& plan, std::uint64_t seed) {
  core::Random random(seed);
  std::vector<EffectRow> rows;
  for (int block = 0; block < plan.blocks; ++block) {
    const double height = plan.block_deviation * random.normal();
    for (std::size_t level = 0; level < plan.means.size(); ++level) {
      const double cell = height + plan.means[level] + plan.context_deviation * random.normal();
      for (int s = 0; s < plan.seeds; ++s) {
        rows.push_back({"block " + std::to_string(block), s, static_cast<std::int64_t>(level),
                        cell + plan.seed_deviation * random.normal()});
      }
    }
  }
  return rows;
}

}  // namespace vitlab::stats
