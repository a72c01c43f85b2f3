#pragma once

#include "graph/graph.h"

namespace vitlab::graph {

/// What one node needs for a batch of images; element counts, so that a dtype only scales them.
///
/// macs: multiply-adds of convolutions, linear layers and matrix products. flops: every op, a
/// multiply-add as 2; per element: bias 1, add 1, multiply 1, scale 1, mean 1, relu 1, hardsigmoid
/// 4, sigmoid 4, hardswish 5, silu 5, gelu 8, softmax 5, batch norm 2, layer norm 8, Euclidean norm
/// 3, exp 4, weighting and adding up the experts' answers 2. An expert runs all of its slots, empty
/// ones too. Elements moved: inputs and parameters read once, output written once; views move
/// nothing, a broadcast operand is read once.
struct OpCost {
  Index macs = 0;
  Index flops = 0;
  Index elements_read = 0;
  Index elements_written = 0;

  Index elements_moved() const { return counted_sum(elements_read, elements_written); }
};

/// Throws TooLarge for counts beyond 64 bits. `is_view` says that the node's output shares its
/// input's memory (graph/memory_plan.h).
OpCost op_cost(const Graph& graph, const Node& node, bool is_view, Index batch);

}  // namespace vitlab::graph
