#pragma once

#include <functional>
#include <optional>
#include <string>

#include "architecture/knob_grid.h"
#include "architecture/solve.h"

namespace vitlab::architecture {

/// A number that rises or falls along a grid, by index; nothing where no model can be built.
using GridFunction = std::function<std::optional<double>(std::size_t)>;

/// The neighbours on a grid between which a monotone function passes a wanted value: `below` is the
/// last point that does not exceed it, `above` the first that does. One is missing where the value
/// lies beyond an end of what can be built.
struct GridBracket {
  std::optional<std::size_t> below, above;
};

/// Brackets `wanted` by galloping from `start` and halving. No point between the two can be built.
/// Points of a falling function are named by its values too: `below` then has the larger index.
GridBracket bracket_on_grid(std::size_t size, std::size_t start, double wanted,
                            const GridFunction& function);

/// The value of a knob that comes closest to an analytic target.
struct KnobSolution {
  core::Json value;
  double achieved = 0;
  double residual = 0;  // achieved / target - 1
};

/// No value of the grid that makes a model is closer to the target, if the metric is monotone along
/// it; equal distances go to the smaller cost. Throws UserError if no value makes a model, with the
/// first reason.
KnobSolution solve_knob(const core::Json& knobs, const KnobGrid& grid, const std::string& metric,
                        double equals, CostCounter& counter);

}  // namespace vitlab::architecture
