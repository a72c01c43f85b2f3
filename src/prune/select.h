#pragma once

#include <functional>
#include <string>
#include <vector>

#include "architecture/cost_counter.h"
#include "prune/cut.h"
#include "prune/scores.h"

namespace vitlab::prune {

/// Seconds that a model takes for one image, estimated.
using LatencyModel = std::function<double(const architecture::ModelSpec&)>;

/// What a model costs: counted, and in seconds where there is a model of latency (else 0).
struct CutCost {
  graph::Cost cost;
  double latency = 0;

  /// A metric of cost_metric(), or "latency".
  double of(const std::string& metric) const;
  friend bool operator==(const CutCost&, const CutCost&) = default;
};

/// Counts models, and asks `latency` if there is one.
class CutCounter {
 public:
  explicit CutCounter(LatencyModel latency = {}) : latency_(std::move(latency)) {}
  CutCost count(const architecture::ModelSpec& spec);

 private:
  architecture::CostCounter counter_;
  LatencyModel latency_;
};

/// The least cost of a metric that a cut must reach.
struct CutTarget {
  std::string metric;
  double at_most = 0;
  double share = 0;   // of the model before all rounds, that is asked for in the end
  double before = 0;  // what that model costs
};

/// What to cut next, and what the cut model costs, counted exactly.
struct Selection {
  ModelCut cut;
  CutCost cost;
};

/// Greedy: removes the unit (or lump of units that keeps multiples of `multiple_of`), head or layer
/// of the least score per cost saved, until every target holds. The cost is `settings.cost`, or the
/// share of the targets that do not hold yet. Under the scopes local and isomorphic what is left is
/// kept even among scopes, and scores are compared inside one. Heads that a layer computes in one
/// batched product stay equal: they lose one unit each at a time. Floors hold. Throws UserError
/// naming the binding constraint if the targets cannot be met.
Selection select_units(const architecture::ModelSpec& spec, const graph::Graph& graph,
                       const Candidates& candidates, const Scores& scores,
                       const std::vector<CutTarget>& targets, const sweep::PruneSettings& settings,
                       CutCounter& counter);

}  // namespace vitlab::prune
