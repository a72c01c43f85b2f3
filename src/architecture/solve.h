#pragma once

#include <string>
#include <vector>

#include "architecture/cost_counter.h"
#include "core/json.h"

namespace vitlab::architecture {

/// What a model must cost, and which widths may be tried.
struct BudgetTarget {
  std::string metric = "macs";  // macs | params | flops | bytes_moved | peak_activation_bytes
  double equals = 0;
  double tolerance = 0.02;  // the largest |achieved / target - 1| accepted
  graph::Index multiple_of = 8;
};

/// Widths that meet a target, and how closely.
struct BudgetSolution {
  std::vector<graph::Index> widths;
  double achieved = 0;
  double residual = 0;  // achieved / target - 1
};

/// A metric of a cost in its unit; bytes are of float32. Throws UserError for an unknown metric.
double cost_metric(const graph::Cost& cost, const std::string& metric);
std::vector<std::string> cost_metric_names();

/// The knob that holds a template's widths ("widths" or "width"); UserError if it has none.
std::string width_knob(const core::Json& knobs);

/// The widths that `knobs` give or lead to, or the template's default; UserError if they are no
/// positive whole numbers.
std::vector<graph::Index> template_widths(const core::Json& knobs);

/// Sets the width knob of `knobs` to the multiples of the quantum that come closest to the target,
/// among widths near the proportions that the knob (or its default) has: each within 15 % or one
/// quantum of its share. Equal costs go to the better proportions. Throws UserError, with the
/// nearest cost reached, if nothing lies within the tolerance.
BudgetSolution solve_widths(const core::Json& knobs, const BudgetTarget& target,
                            CostCounter& counter);

/// `knobs` with the solution put in.
core::Json with_widths(core::Json knobs, const BudgetSolution& solution);

}  // namespace vitlab::architecture
