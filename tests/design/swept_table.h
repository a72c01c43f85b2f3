#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/random.h"
#include "guide/guideline.h"
#include "spec/cost_counter.h"
#include "spec/presets.h"
#include "spec/solve.h"
#include "store/results_csv.h"

namespace vitlab {

/// A sweep of small models over mixer and FFNs per side at some MACs, with real costs, and an
/// accuracy that grows with MACs and is `gains[mixer]` better or worse.
struct SweptTable {
  std::vector<std::string> mixers{"cascaded", "full"};
  std::vector<std::string> ffns{"1", "2"};
  std::vector<double> macs{4e6, 5e6, 6e6, 8e6};
  std::map<std::string, double> gains{{"cascaded", 0.02}, {"full", 0.0}};
  double noise = 0.001;
};

inline Json small_base() {
  return {{"template", "efficientvit"},
          {"image_size", 32},
          {"classes", 10},
          {"stem_stride", 4},
          {"window", 8}};
}

inline ResultsTable swept_table(const SweptTable& plan = {}) {
  ResultsTable table{.knobs = {"mixer", "ffn_per_side", "widths"}, .rows = {}};
  CostCounter counter;
  Random random(1);
  for (const double macs : plan.macs) {
    for (const std::string& mixer : plan.mixers) {
      for (const std::string& ffn : plan.ffns) {
        Json knobs = small_base();
        knobs["mixer"] = mixer;
        knobs["ffn_per_side"] = std::stoi(ffn);
        const BudgetSolution widths =
            solve_widths(knobs, {.equals = macs, .tolerance = 0.1, .multiple_of = 4}, counter);
        const ModelSpec spec = expand_knobs(with_widths(knobs, widths), "test");
        const Cost cost = counter.count(spec);
        ResultRow row;
        row.model = model_id(spec);
        row.dataset = "digits";
        row.budget_metric = "macs";
        row.budget = macs;
        row.knobs = {mixer, ffn, "[1]"};
        const auto add = [&](const std::string& metric, double value) {
          row.metric = metric;
          row.value = value;
          table.rows.push_back(row);
        };
        add("macs", static_cast<double>(cost.macs));
        add("params", static_cast<double>(cost.parameters));
        add("throughput", 1e10 / macs);
        add("accuracy.top1",
            0.5 + 0.02 * std::log(macs) + plan.gains.at(mixer) + plan.noise * random.normal());
      }
    }
  }
  return table;
}

inline Guideline guideline_of(const std::string& id, const std::string& factor,
                              const std::vector<std::string>& range,
                              const std::string& metric = "accuracy.top1") {
  Guideline guideline;
  guideline.id = id;
  guideline.factor = factor;
  guideline.range = range;
  Effect effect;
  effect.metric = metric;
  effect.is_claim = true;
  guideline.effects.push_back(effect);
  return guideline;
}

}  // namespace vitlab
