#pragma once

#include <string>
#include <vector>

#include "design/family_output.h"
#include "guide/guide.h"

namespace vitlab::lab {

/// The guidelines of a folder that `sweep` wrote (its views are rebuilt), or of a results.csv.
guide::GuideResult guide_source(const std::string& source);

/// What a family is to be designed from, and where to.
struct DesignSweepRequest {
  std::string folder;  // that `sweep` wrote
  std::vector<design::CostBudget> budgets;
  graph::Index multiple_of = 0;  // 0: what divides the widths of the sweep, at most 16
  std::string out;
};

/// Designs a family under the guidelines of a sweep, from its reference on, and writes it.
design::Family design_sweep(const DesignSweepRequest& request);

}  // namespace vitlab::lab
