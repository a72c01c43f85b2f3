#pragma once

#include <string>
#include <vector>

#include "core/json.h"

namespace vitlab::architecture {

/// The values that one knob of a template may take when it is solved for, in ascending order: its
/// present value times a scale from 1/32 to 32, rounded to multiples of `step` (at least one). The
/// items of a list are scaled together, and each list that rounding gives stands once.
struct KnobGrid {
  std::string knob;
  double step = 1;
  std::vector<core::Json> values;
  std::size_t start = 0;  // the value nearest the present one
};

/// The grid of `knob` from what `knobs` (or the template's default) say now. A step of 0 takes 8
/// for widths, 1 for other whole numbers and 0.01 for knobs that take fractions. Throws UserError
/// for an explicit model, an unknown knob, one that holds no positive number, and a step that does
/// not fit.
KnobGrid knob_grid(const core::Json& knobs, const std::string& knob, double step = 0);

/// `knobs` with one value of the grid put in.
core::Json with_knob(core::Json knobs, const std::string& knob, const core::Json& value);

/// Knobs as a YAML file that reads back to them, a line each.
std::string knobs_yaml(const core::Json& knobs);

}  // namespace vitlab::architecture
