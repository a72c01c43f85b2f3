#pragma once

#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

#include "data/dataset.h"
#include "model/executor.h"
#include "sweep/analysis_settings.h"

namespace vitlab {

/// Per axis of the graph the importance of each unit; empty for axes that were not asked for.
using UnitScores = std::vector<std::vector<double>>;

/// Which axes of a graph the settings select: of a named kind, not held, gated somewhere.
std::vector<bool> prunable_axes(const Graph& graph, const PruneSettings& settings);

/// Gate-Taylor (Molchanov et al., arXiv 1906.10771): the mean over batches of (dL/dz)^2 for a gate
/// z = 1 on each unit; squared batch by batch, so that signs do not cancel. Cross-entropy on
/// training images in evaluation mode; one backward pass a batch scores every axis.
UnitScores gate_taylor_scores(const Executor& executor, const Weights& weights,
                              const Dataset& dataset, const std::vector<bool>& axes,
                              const PruneSettings& settings, std::uint64_t seed);

/// The sum of squares of every weight that belongs to the unit.
UnitScores magnitude_scores(const Graph& graph, const Weights& weights,
                            const std::vector<bool>& axes);

/// Uniform random numbers: the control that every criterion must beat.
UnitScores random_scores(const Graph& graph, const std::vector<bool>& axes, std::uint64_t seed);

/// The scores that `settings.criterion` names; throws UserError for an unknown one and Failure when
/// a score is not finite.
UnitScores unit_scores(const Executor& executor, const Weights& weights, const Dataset& dataset,
                       const std::vector<bool>& axes, const PruneSettings& settings,
                       std::uint64_t seed);

}  // namespace vitlab
