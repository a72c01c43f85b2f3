#pragma once

#include <functional>
#include <string>
#include <vector>

#include "prune/select.h"

namespace vitlab {

/// What became of one axis.
struct PrunedAxis {
  std::string axis;   // "stages.0.layers.2.qk[1]"
  std::string layer;  // "stages.0.layers.2"
  std::string kind;   // "qk"
  Index size = 0;
  std::vector<Index> kept;     // units of the model that pruning started from
  std::vector<double> scores;  // of each of those units, as last seen
};

struct PruneResult {
  ModelSpec spec;
  Weights weights;
  std::vector<PrunedAxis> axes;  // every axis that was free to be cut
  Cost before, after;
};

using OnPruneStep = std::function<void(Index step, Index steps)>;

/// Cuts a model to `settings.keep` in `settings.steps` rounds of scoring and cutting; the share
/// left follows keep + (1 - keep)·(1 - t/T)^3, so early rounds cut most. The result is a spec with
/// its weights: build_graph(result.spec) runs result.weights. Deterministic in `seed`.
PruneResult prune(const ModelSpec& spec, const Weights& weights, const Dataset& dataset,
                  const PruneSettings& settings, std::uint64_t seed,
                  const OnPruneStep& on_step = {});

}  // namespace vitlab
