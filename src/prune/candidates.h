#pragma once

#include <string>
#include <vector>

#include "architecture/model_spec.h"
#include "sweep/analysis_settings.h"

namespace vitlab::prune {

/// What pruning may take from a model.
struct Candidates {
  core::IdVector<graph::AxisId, bool> axes;
  core::IdVector<graph::LayerId, bool> layers;

  bool none() const;
};

/// Which axes and layers the settings select: axes of a named kind, not held, with gates, of more
/// than one unit; layers with a residual branch if "layer" is named. Where the embedding may lose
/// units too, a layer stays if the splits of its stage hang on it.
Candidates prune_candidates(const architecture::ModelSpec& spec, const graph::Graph& graph,
                            const sweep::PruneSettings& settings);

/// The axes of prune_candidates.
core::IdVector<graph::AxisId, bool> prunable_axes(const graph::Graph& graph,
                                                  const sweep::PruneSettings& settings);

/// Throws UserError if nothing can be taken: which of the named kinds the model lacks, which are
/// held by what and why, and which kinds it offers.
void require_candidates(const graph::Graph& graph, const sweep::PruneSettings& settings,
                        const Candidates& candidates);

/// "hidden, qk, v".
std::string axes_text(const sweep::PruneSettings& settings);

}  // namespace vitlab::prune
