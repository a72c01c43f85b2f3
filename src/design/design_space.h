#pragma once

#include <string>
#include <vector>

#include "architecture/cost_counter.h"
#include "architecture/solve.h"
#include "core/json.h"
#include "design/budgets.h"

namespace vitlab::design {

/// Least share of a budget that a model should use, where some model does.
inline constexpr double kLeastUse = 0.9;

/// Widths of one model and what it costs.
struct WidthPoint {
  std::vector<graph::Index> widths;
  graph::Cost cost;
};

/// All models of some knobs that meet a budget, or why there are none.
struct WidthPoints {
  std::vector<WidthPoint> points;  // in the order of their widths
  std::string problem;             // where points is empty
  double smallest = 0;             // cost of the cheapest model seen; 0 if none could be built
};

/// Widths in multiples of `multiple_of` that never fall from stage to stage, each within 25 % or
/// one multiple of its share of the template's proportions at the scale that solve_widths() finds
/// for the budget, with `more_than` < cost <= budget. If some use 90 % of the budget, only those;
/// else only the dearest ones.
WidthPoints widths_within(const core::Json& knobs, const CostBudget& budget, double more_than,
                          graph::Index multiple_of, architecture::CostCounter& counter);

}  // namespace vitlab::design
