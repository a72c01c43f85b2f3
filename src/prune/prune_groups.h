#pragma once

#include <set>
#include <string>
#include <vector>

#include "prune/cut.h"
#include "prune/scores.h"

namespace vitlab::prune {

/// What loses units together, a lump at a time: an axis, the equal heads of one batched product, or
/// a layer as a whole.
struct PruneGroup {
  graph::LayerId layer;      // whose axes these are; none: an embedding
  bool drops_layer = false;  // it is the layer itself
  std::string scope;         // scores are compared inside one
  std::vector<graph::AxisId> axes;
  std::vector<std::vector<graph::Index>> order;  // per axis: units, the least important first
  graph::Index size = 1;                         // units of one axis
  graph::Index lump = 1;
  graph::Index removed = 0;
  graph::Index most = 0;        // removable in all
  std::vector<double> savings;  // by target: the share of it that the next lump would save
  double cost_saving = 0;       // the share of settings.cost that it would save
};

/// The groups of what may go.
std::vector<PruneGroup> prune_groups(const graph::Graph& graph, const Candidates& candidates,
                                     const Scores& scores, const sweep::PruneSettings& settings);

}  // namespace vitlab::prune
