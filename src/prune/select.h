#pragma once

#include <string>
#include <vector>

#include "prune/scores.h"
#include "spec/cost_counter.h"

namespace vitlab {

/// The least cost of a metric that a cut must reach.
struct CutTarget {
  std::string metric;
  double at_most = 0;
};

/// What to cut next: per axis the units that stay, ascending.
struct Selection {
  KeptUnits kept;
  Cost cost;  // of the cut model, counted exactly
};

/// Greedy: removes the unit (or lump of `multiple_of` units) of the least score per share saved of
/// the targets that do not hold yet, until every target holds. Heads that a layer computes in one
/// batched product stay equal: they lose one unit each at a time. Floors hold. Throws UserError
/// naming the binding constraint if the targets cannot be met.
Selection select_units(const ModelSpec& spec, const Graph& graph, const std::vector<bool>& axes,
                       const UnitScores& scores, const std::vector<CutTarget>& targets,
                       const PruneSettings& settings, CostCounter& counter);

}  // namespace vitlab
