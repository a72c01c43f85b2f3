#pragma once

#include "exports/onnx_model.h"
#include "graph/graph.h"
#include "model/weights.h"

namespace vitlab::exports {

/// Spells every node of a graph in standard ONNX ops of `opset` (17 to 20) and fills in `model`'s
/// nodes, initialisers, input and output ("logits": the mean where there are several heads). Nodes
/// have the names of the graph's, initialisers those of its parameters. Throws UserError naming the
/// layer whose op ONNX cannot express.
void lower_to_onnx(const graph::Graph& graph, const model::Weights& weights, OnnxModel& model);

}  // namespace vitlab::exports
