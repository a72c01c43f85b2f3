#pragma once

#include <vector>

#include "graph/graph.h"

namespace vitlab::graph {

/// Where each value lives: views share the storage of the value that they look at.
struct Layout {
  core::IdVector<ValueId, ValueId>
      storage;  // per value: the value that owns the memory (itself if none)
  core::IdVector<ValueId, Shape> strides;  // per value, in elements, for two images
  core::IdVector<ValueId, bool> is_view;   // per value: made without writing memory
};

/// Follows PyTorch's rules: slices, permutations and broadcasts are views, a reshape is one where
/// strides allow it, element-wise ops keep the order of their input in memory, the rest is dense.
/// `input_strides` describes the input for two images; dense if null.
Layout lay_out(const Graph& graph, const Shape* input_strides = nullptr);

/// One storage's life on the time line of nodes.
struct Buffer {
  ValueId value;
  Index elements = 0;
  NodeId first;  // the node that writes it; none for the input
  NodeId last;   // the last node that reads it
};

struct MemoryPlan {
  std::vector<Buffer> buffers;
  Index peak_elements = 0;
  NodeId peak_node;
};

/// Lives of all buffers for a batch, without reuse in place; parameters are not counted, the input
/// images are, during the whole forward, since the caller holds them (unless `input_dies`: then the
/// input is one more value that ends with its last reader).
MemoryPlan plan_memory(const Graph& graph, const Layout& layout, Index batch,
                       bool input_dies = false);

}  // namespace vitlab::graph
