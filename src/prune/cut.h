#pragma once

#include <vector>

#include "architecture/model_spec.h"
#include "model/weights.h"

namespace vitlab::prune {

/// What goes out of a model: units of axes, and whole layers.
struct ModelCut {
  graph::KeptUnits kept;
  core::IdVector<graph::LayerId, bool> left_out;  // only layers with a residual branch

  explicit ModelCut(const graph::Graph& graph)
      : kept(graph.axes.size()), left_out(graph.layers.size(), false) {}
};

/// The smaller model. Attention scales stay what they were unless `rescale_attention`: then each is
/// multiplied by sqrt(mean QK before / mean QK after), as a scale of 1/sqrt(QK) would change.
architecture::ModelSpec cut_spec(const architecture::ModelSpec& spec, const graph::Graph& graph,
                                 const ModelCut& cut, bool rescale_attention = false);

/// Its weights: those of build_graph(cut_spec(spec, graph, cut)).
model::Weights cut_weights(const graph::Graph& graph, const model::Weights& weights,
                           const ModelCut& cut);

/// The axes of the smaller model, in its order, as axes of `graph`: all but those of layers that
/// are left out and of heads that are removed.
std::vector<graph::AxisId> axes_left(const graph::Graph& graph, const ModelCut& cut);

/// The layers of the smaller model, in its order, as layers of `graph`.
std::vector<graph::LayerId> layers_left(const graph::Graph& graph, const ModelCut& cut);

}  // namespace vitlab::prune
