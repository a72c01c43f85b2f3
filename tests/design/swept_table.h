#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "architecture/cost_counter.h"
#include "architecture/presets.h"
#include "architecture/solve.h"
#include "core/random.h"
#include "guide/guideline.h"
#include "store/results_csv.h"

namespace vitlab::design {

/// A sweep of small models over mixer and FFNs per side at some MACs, with real costs, and an
/// accuracy that grows with MACs and is `gains[mixer]` better or worse.
struct SweptTable {
  std::vector<std::string> mixers{"cascaded", "full"};
  std::vector<std::string> ffns{"1", "2"};
  std::vector<double> macs{4e6, 5e6, 6e6, 8e6};
  std::map<std::string, double> gains{{"cascaded", 0.02}, {"full", 0.0}};
  double noise = 0.001;
};

inline core::Json small_base() {
  return {{"template", "efficientvit"},
          {"image_size", 32},
          {"classes", 10},
          {"stem_stride", 4},
          {"window", 8}};
}

inline store::ResultsTable swept_table(const SweptTable& plan = {}) {
  store::ResultsTable table{.knobs = {"mixer", "ffn_per_side", "widths"}, .rows = {}};
  architecture::CostCounter counter;
  core::Random random(1);
  for (const double macs : plan.macs) {
    for (const std::string& mixer : plan.mixers) {
      for (const std::string& ffn : plan.ffns) {
        core::Json knobs = small_base();
        knobs["mixer"] = mixer;
        knobs["ffn_per_side"] = std::stoi(ffn);
        const architecture::BudgetSolution widths = architecture::solve_widths(
            knobs, {.equals = macs, .tolerance = 0.1, .multiple_of = 4}, counter);
        const architecture::ModelSpec spec =
            architecture::expand_knobs(architecture::with_widths(knobs, widths), "test");
        const graph::Cost cost = counter.count(spec);
        store::ResultRow row;
        row.model = architecture::model_id(spec);
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

inline guide::Guideline guideline_of(const std::string& id, const std::string& factor,
                                     const std::vector<std::string>& range,
                                     const std::string& metric = "accuracy.top1") {
  guide::Guideline guideline;
  guideline.id = id;
  guideline.factor = factor;
  guideline.range = range;
  guide::Effect effect;
  effect.metric = metric;
  effect.is_claim = true;
  guideline.effects.push_back(effect);
  return guideline;
}

}  // namespace vitlab::design
