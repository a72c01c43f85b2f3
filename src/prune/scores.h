#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.h"
#include "model/executor.h"
#include "prune/candidates.h"

namespace vitlab::prune {

/// Per axis of the graph the importance of each unit; empty for axes that were not asked for.
using UnitScores = core::IdVector<graph::AxisId, std::vector<double>>;

/// How important what may go is: units by axis, and by layer the whole layer (0 if not asked for).
struct Scores {
  UnitScores units;
  core::IdVector<graph::LayerId, double> layers;
};

/// What scores are made from.
struct ScoreRequest {
  const architecture::ModelSpec& spec;
  const model::Executor& executor;
  const model::Weights& weights;
  const data::Dataset& dataset;
  const Candidates& candidates;
  const sweep::PruneSettings& settings;
  std::uint64_t seed = 0;
};

/// Gate-Taylor (Molchanov et al., arXiv 1906.10771): the mean over batches of (dL/dz)^2 for a gate
/// z = 1 on each unit; squared batch by batch, so that signs do not cancel. Cross-entropy on
/// training images in evaluation mode; one backward pass a batch scores everything. A head's gate
/// scales its output, a layer's its residual branch.
Scores gate_taylor_scores(const ScoreRequest& request);

/// The sum of squares of every weight that belongs to the unit, the head with its Q, K and V, or
/// the layer.
Scores magnitude_scores(const ScoreRequest& request);

/// Network slimming (arXiv 1708.06519): the mean of |scale| over the batch norms that norm the
/// unit's channels. Throws UserError naming an axis without a batch norm; layers have no score.
Scores batch_norm_scores(const ScoreRequest& request);

/// How the mean loss changes without the unit, head or layer: the truth that others estimate.
/// Throws UserError with their number if that takes more than kMostAblationForwards forwards.
Scores ablation_scores(const ScoreRequest& request);
constexpr graph::Index kMostAblationForwards = 50'000;

/// Uniform random numbers: the control that every criterion must beat.
Scores random_scores(const ScoreRequest& request);

/// The scores that `settings.criterion` stands for; throws Failure, naming axis or layer, when a
/// score is not finite.
Scores scores_of(const ScoreRequest& request);

/// Zeros for everything that is asked for.
Scores zero_scores(const graph::Graph& graph, const Candidates& candidates);

}  // namespace vitlab::prune
