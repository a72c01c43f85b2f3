#include "graph/cost.h"

#include <algorithm>

#include "graph/op_cost.h"

namespace vitlab::graph {

namespace {

void add_to(Index& total, Index count) { total = counted_sum(total, count); }

bool writes_activations(const Op& op) { return op_category(op) == Category::kMultiplication; }

/// The most that lives while the nodes of each layer run.
void add_peaks(const Graph& graph, const MemoryPlan& plan, core::IdVector<LayerId, Cost>& costs) {
  std::vector<Index> change(graph.nodes.size() + 1, 0);
  for (const Buffer& buffer : plan.buffers) {
    change[buffer.first.valid() ? buffer.first.index() : 0] += buffer.elements;
    change[buffer.last.index() + 1] -= buffer.elements;
  }
  Index live = 0;
  for (const NodeId id : graph.nodes.ids()) {
    live += change[id.index()];
    Index& peak = costs[graph.nodes[id].layer].peak_elements;
    peak = std::max(peak, live);
  }
}

/// Trained parameters, and those that one token uses.
void add_parameters(const Graph& graph, core::IdVector<LayerId, Cost>& costs) {
  for (const Parameter& parameter : graph.parameters) {
    if (!parameter.trained) continue;
    Cost& cost = costs[parameter.layer];
    add_to(cost.parameters, parameter.shape.elements());
    add_to(cost.active_parameters, parameter.shape.elements());
  }
  for (const Node& node : graph.nodes) {
    const auto* experts = std::get_if<ExpertLinear>(&node.op);
    if (experts == nullptr) continue;
    for (const ParameterId id : node.parameters) {
      const Shape& shape = graph.parameter(id).shape;
      costs[node.layer].active_parameters -=
          shape.elements() / shape[0] * (shape[0] - experts->chosen);
    }
  }
}

}  // namespace

Cost& Cost::operator+=(const Cost& other) {
  add_to(parameters, other.parameters);
  add_to(active_parameters, other.active_parameters);
  add_to(macs, other.macs);
  add_to(flops, other.flops);
  add_to(activations, other.activations);
  add_to(elements_moved, other.elements_moved);
  peak_elements = std::max(peak_elements, other.peak_elements);
  return *this;
}

core::IdVector<LayerId, Cost> layer_costs(const Graph& graph, const Layout& layout,
                                          const MemoryPlan& plan, Index batch) {
  core::IdVector<LayerId, Cost> costs(graph.layers.size());
  add_parameters(graph, costs);
  for (const Node& node : graph.nodes) {
    const OpCost op = op_cost(graph, node, layout.is_view[node.output], batch);
    Cost& cost = costs[node.layer];
    add_to(cost.macs, op.macs);
    add_to(cost.flops, op.flops);
    add_to(cost.elements_moved, op.elements_moved());
    if (writes_activations(node.op)) {
      const Value& out = graph.value(node.output);
      add_to(cost.activations, counted_product(out.shape.elements(), out.batched ? batch : 1));
    }
  }
  add_peaks(graph, plan, costs);
  return costs;
}

core::IdVector<LayerId, Cost> layer_costs(const Graph& graph, Index batch) {
  const Layout layout = lay_out(graph);
  return layer_costs(graph, layout, plan_memory(graph, layout, batch), batch);
}

Cost graph_cost(const Graph& graph, Index batch) {
  Cost total;
  for (const Cost& cost : layer_costs(graph, batch)) total += cost;
  return total;
}

}  // namespace vitlab::graph
