#pragma once

#include <vector>

#include "graph/graph.h"
#include "graph/memory_plan.h"

namespace vitlab::graph {

/// What a forward pass needs, counted on paper. `parameters` are the trained ones, of which
/// `active_parameters` work on one token (all, but for experts that it does not choose);
/// `activations` are the elements that convolutions, linear layers and matrix products write; moved
/// elements times the dtype's size are bytes_moved; `peak_elements` is the most that lives at once.
struct Cost {
  Index parameters = 0;
  Index macs = 0;
  Index flops = 0;
  Index activations = 0;
  Index elements_moved = 0;
  Index peak_elements = 0;
  Index active_parameters = 0;

  /// Sums all but the peak, which is the larger of the two.
  Cost& operator+=(const Cost& other);
  friend bool operator==(const Cost&, const Cost&) = default;
};

/// Counts beyond 64 bits throw TooLarge (a UserError) wherever they arise.

/// The cost of each layer, in the order of graph.layers; `peak_elements` of a layer is the most
/// that lives while its nodes run.
core::IdVector<LayerId, Cost> layer_costs(const Graph& graph, Index batch = 1);
core::IdVector<LayerId, Cost> layer_costs(const Graph& graph, const Layout& layout,
                                          const MemoryPlan& plan, Index batch);

/// The cost of the whole graph.
Cost graph_cost(const Graph& graph, Index batch = 1);

}  // namespace vitlab::graph
