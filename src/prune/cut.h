#pragma once

#include <vector>

#include "model/weights.h"
#include "spec/model_spec.h"

namespace vitlab {

/// What goes out of a model: units of axes, and whole layers.
struct ModelCut {
  KeptUnits kept;              // by axis
  std::vector<bool> left_out;  // by layer; only layers with a residual branch

  explicit ModelCut(const Graph& graph)
      : kept(graph.axes.size()), left_out(graph.layers.size(), false) {}
};

/// The smaller model. Attention scales stay what they were unless `rescale_attention`: then each is
/// multiplied by sqrt(mean QK before / mean QK after), as a scale of 1/sqrt(QK) would change.
ModelSpec cut_spec(const ModelSpec& spec, const Graph& graph, const ModelCut& cut,
                   bool rescale_attention = false);

/// Its weights: those of build_graph(cut_spec(spec, graph, cut)).
Weights cut_weights(const Graph& graph, const Weights& weights, const ModelCut& cut);

/// The axes of the smaller model, in its order, as axes of `graph`: all but those of layers that
/// are left out and of heads that are removed.
std::vector<AxisId> axes_left(const Graph& graph, const ModelCut& cut);

/// The layers of the smaller model, in its order, as layers of `graph`.
std::vector<LayerId> layers_left(const Graph& graph, const ModelCut& cut);

}  // namespace vitlab
