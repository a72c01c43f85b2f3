#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "guide/guideline.h"
#include "store/results_csv.h"

namespace vitlab::design {

/// A knob that the search may turn, with the levels that the sweep tried.
struct SweptKnob {
  std::string name;
  std::vector<std::string> cells;  // as in the table
  std::vector<core::Json> values;  // as the template reads them
};

/// The knobs of `table` that the template has (widths apart); the names of those that it lacks are
/// appended to `foreign`.
std::vector<SweptKnob> swept_knobs(const store::ResultsTable& table,
                                   const std::string& template_name,
                                   std::vector<std::string>& foreign);

/// A guideline as a rule of the search: in a model where its knob stands outside the range it is
/// broken.
struct DesignRule {
  std::string id;
  std::string statement;
  std::size_t knob = 0;
  std::vector<std::string> cells;  // those inside the range
  std::size_t where_knob = 0;      // the rule speaks only of models with
  std::string where_cell;          // this cell there; "" for all

  bool is_broken(const std::vector<SweptKnob>& knobs, const std::vector<std::size_t>& levels) const;
};

/// The guidelines as rules: those that rest on accuracy first. One that speaks of a part of the
/// table other than a level of a swept knob, or that leaves no level together with the rules before
/// it, is set aside with a note.
std::vector<DesignRule> design_rules(const std::vector<guide::Guideline>& guidelines,
                                     const std::vector<SweptKnob>& knobs,
                                     std::vector<std::string>& notes);

}  // namespace vitlab::design
