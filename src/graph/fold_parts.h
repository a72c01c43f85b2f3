#pragma once

#include <map>
#include <vector>

#include "graph/fold.h"

namespace vitlab::graph {

/// A factor that the weights of an earlier node can take over.
struct FoldedScale {
  NodeId scale;     // the node that goes
  NodeId producer;  // the convolution, linear layer or layer norm that takes it
  ScaledRows rows;
};

/// The scales with nothing between them and a node of weights but reshapes, permutations and slices
/// of channels that nobody else reads (and, behind a convolution, its batch norm).
std::vector<FoldedScale> find_folded_scales(const Graph& graph);

/// The nodes that make a value without images, as a graph of its own with that one output; its
/// parameters are copies of `sources`.
Graph constant_graph(const Graph& graph, ValueId value, std::vector<ParameterId>& sources);

/// By value how many nodes and outputs read it.
core::IdVector<ValueId, int> count_readers(const Graph& graph);

}  // namespace vitlab::graph
