#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "messages/prune_answer.h"
#include "prune/select.h"

namespace vitlab::prune {

/// What became of one axis, and where it is.
struct PrunedAxis : messages::PrunedAxis {
  graph::AxisId left;  // in the pruned model's graph; none: it went altogether
};

struct PruneResult {
  architecture::ModelSpec spec;
  model::Weights weights;
  std::vector<PrunedAxis> axes;  // every axis that was free to be cut; nothing kept: it went with
                                 // its head or layer
  std::vector<messages::PrunedLayer> layers;
  CutCost before, after;
};

using OnPruneStep = std::function<void(graph::Index step, graph::Index steps)>;

/// What pruning needs from others.
struct PruneHooks {
  OnPruneStep on_step;
  LatencyModel latency;  // for budgets and costs in latency
  /// Trains the cut model between two rounds; none: no training.
  std::function<model::Weights(const architecture::ModelSpec& spec, model::Weights weights,
                               graph::Index step)>
      retrain;
};

/// Cuts a model to `settings.keep` in `settings.steps` rounds of scoring and cutting; the share
/// left follows keep + (1 - keep)·(1 - t/T)^3, so early rounds cut most. The result is a spec with
/// its weights: build_graph(result.spec) runs result.weights. Deterministic in `seed`.
PruneResult prune(const architecture::ModelSpec& spec, const model::Weights& weights,
                  const data::Dataset& dataset, const sweep::PruneSettings& settings,
                  std::uint64_t seed, const PruneHooks& hooks = {});

/// The pruned model with each size that was cut brought to the nearest multiple, but not below one
/// multiple nor above what the size was: what hardware of that width would rather run. Heads and
/// layers stay as pruning left them.
architecture::ModelSpec rounded_to_multiples(const PruneResult& result, graph::Index multiple);

}  // namespace vitlab::prune
