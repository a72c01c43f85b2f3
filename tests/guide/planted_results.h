#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/random.h"
#include "store/results_csv.h"

namespace vitlab::guide {

/// A made-up sweep over mixer, share and recipe at several budgets. `effect` is what a model's
/// accuracy owes to its place; everything else is noise of blocks and seeds.
struct PlantedSweep {
  std::vector<std::string> shares{"0.1", "0.2", "0.3", "0.4", "0.5"};
  std::vector<std::string> mixers{"cascaded", "full"};
  std::vector<std::string> recipes{"scratch"};
  std::vector<double> budgets{5e6, 1e7, 2e7, 4e7};
  int seeds = 3;
  double block_deviation = 0.05;
  double seed_deviation = 0.004;
  bool has_budgets = true;
  std::string metric = "accuracy.top1";
  std::string unit = "1";
  std::function<double(const std::string& share, const std::string& mixer,
                       const std::string& recipe, double params)>
      effect = [](auto&&...) { return 0.0; };
  std::function<double(const std::string& share, core::Random& random)> log_params =
      [](const std::string&, core::Random&) { return 0.0; };
};

inline store::ResultsTable planted_results(const PlantedSweep& plan, std::uint64_t seed) {
  core::Random random(seed);
  store::ResultsTable table{.knobs = {"share", "mixer", "widths"}, .rows = {}};
  for (const std::string& recipe : plan.recipes) {
    for (const double budget : plan.budgets) {
      const double height = 0.6 + plan.block_deviation * random.normal();
      for (const std::string& mixer : plan.mixers) {
        for (const std::string& share : plan.shares) {
          store::ResultRow row;
          row.model = share + mixer + std::to_string(static_cast<long>(budget));
          row.dataset = "digits";
          row.recipe = recipe;
          row.device = "cpu";
          row.dtype = "float32";
          row.batch = 16;
          if (plan.has_budgets) row.budget_metric = "macs", row.budget = budget;
          const double size = plan.log_params(share, random);
          const double width = budget / 1e6 + static_cast<double>(share.back());
          row.knobs = {share, mixer, plan.has_budgets ? std::to_string(width) : "64"};
          for (int s = 0; s < plan.seeds; ++s) {
            row.trial = row.model + recipe + std::to_string(s);
            row.seed = s;
            row.metric = plan.metric;
            row.unit = plan.unit;
            row.value = height + plan.effect(share, mixer, recipe, size) +
                        plan.seed_deviation * random.normal();
            table.rows.push_back(row);
          }
          row.trial.clear();
          row.seed.reset();
          row.recipe.clear();
          row.metric = "params";
          row.value = budget / 10 * std::exp(size);
          table.rows.push_back(row);
        }
      }
    }
  }
  return table;
}

}  // namespace vitlab::guide
