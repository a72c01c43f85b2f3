#pragma once

#include "data/dataset.h"
#include "prune/cut.h"
#include "sweep/analysis_settings.h"

namespace vitlab::prune {

/// The weights of a model about to be cut, with the mean activation of each FFN unit that goes
/// (over training images) added into the next bias, or taken from the running mean of the batch
/// norm behind a convolution without one. Units whose reader has neither go as they are: those of
/// experts, and those before a layer norm.
model::Weights with_means_folded(const graph::Graph& graph, const model::Weights& weights,
                                 const ModelCut& cut, const data::Dataset& dataset,
                                 const sweep::PruneSettings& settings, std::uint64_t seed);

}  // namespace vitlab::prune
