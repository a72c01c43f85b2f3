#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guide/observations.h"
#include "stats/effects.h"

namespace vitlab::guide {

/// The number that a cell holds, if it is one.
std::optional<double> as_number(const std::string& text);

/// Whether a knob holds widths that were solved for the row's budget, and so is no choice.
bool is_solved_width(const Observation& row, const std::string& knob);

/// A knob that varies, with its levels in order: numbers ascending, else names alphabetical.
struct Factor {
  std::size_t knob = 0;
  std::string name;
  std::vector<std::string> levels;
  bool is_numeric = false;

  /// -1 for a cell that is not one of the levels (a knob that does not apply).
  std::int64_t level_of(const std::string& cell) const;
};

/// The knobs with two levels or more. Width knobs are no factors where a budget sets them.
std::vector<Factor> factors_of(const Observations& observations);

/// The stratification by what models are matched on.
inline constexpr std::string_view kBudgetName = "budget";

/// A part of a table in which one context column, the budget or one other knob is held at a value;
/// the whole table where `name` is empty.
struct Stratum {
  std::string name;
  std::string value;

  bool is_whole() const { return name.empty(); }
};

/// The cell that a stratification by `name` (a context column, the budget or a knob) looks at.
const std::string& cell_of(const Observation& row, const std::vector<std::string>& knobs,
                           const std::string& name);

/// One metric of one factor's levels, arranged in matched blocks.
struct Comparison {
  stats::EffectTable table;
  std::vector<const Observation*> rows;  // those inside the blocks, sorted
  std::vector<std::string> row_blocks;   // the block of each of them
  std::int64_t seeds = 0;                // most in one cell
  bool uses_strata = false;              // some blocks are matched on parameters, not budgets
};

/// A block: equal budget or stratum, equal context, all other knobs equal. Width knobs that a
/// budget determines are no other knobs. Models matched on nothing are left out.
Comparison compare_levels(const MetricObservations& metric, const std::vector<std::string>& knobs,
                          const Factor& factor, const Stratum& stratum = {});

/// Context columns, budget and other knobs that differ between the rows of a comparison.
std::vector<std::string> varying_names(const Comparison& comparison,
                                       const std::vector<std::string>& knobs, const Factor& factor);

}  // namespace vitlab::guide
