#include "graph/op_cost.h"

#include <variant>

namespace vitlab::graph {

namespace {

Index elements(const Value& value, Index batch) {
  return counted_product(value.shape.elements(), value.batched ? batch : 1);
}

struct Counter {
  const Graph& graph;
  const Node& node;
  Index batch;
  Index out;

  const Shape& weight() const { return graph.parameter(node.parameters[0]).shape; }
  Index in(std::size_t i) const { return elements(graph.value(node.inputs[i]), batch); }
  /// A product over `inner` terms for every output element, plus the bias.
  OpCost product(Index inner) const {
    const Index bias = node.parameters.size() > 1 ? out : 0;
    const Index macs = counted_product(out, inner);
    return {macs, counted_sum(counted_product(2, macs), bias), 0, 0};
  }
  static OpCost flops(Index elements, Index each = 1) {
    return {0, counted_product(elements, each), 0, 0};
  }

  OpCost operator()(const Convolution&) const { return product(weight().elements() / weight()[0]); }
  OpCost operator()(const Linear&) const { return product(weight()[1]); }
  OpCost operator()(const MatrixMultiply& m) const {
    const Shape& left = graph.value(node.inputs[0]).shape;
    const Index inner = left[m.transpose_left ? left.rank() - 2 : left.rank() - 1];
    return product(inner);
  }
  OpCost operator()(const BatchNorm&) const { return flops(out, 2); }
  OpCost operator()(const LayerNorm&) const { return flops(out, 8); }
  OpCost operator()(const Softmax&) const { return flops(out, 5); }
  OpCost operator()(const Activate& a) const {
    return flops(out, core::choice_row(a.activation).flops);
  }
  OpCost operator()(const Add&) const { return flops(out); }
  OpCost operator()(const AddBroadcast&) const { return flops(out); }
  OpCost operator()(const AddLeading&) const { return flops(std::min(in(0), in(1))); }
  OpCost operator()(const Multiply&) const { return flops(out); }
  OpCost operator()(const Scale&) const { return flops(out); }
  OpCost operator()(const L2Normalize&) const { return flops(out, 3); }
  OpCost operator()(const LimitedExp&) const { return flops(out, 4); }
  OpCost operator()(const Mean&) const { return flops(in(0)); }
  OpCost operator()(const ExpertLinear&) const { return product(weight()[2]); }
  OpCost operator()(const CombineTokens&) const { return flops(in(0), 2); }
  template <typename Movement>
  OpCost operator()(const Movement&) const {
    return {};
  }
};

}  // namespace

OpCost op_cost(const Graph& graph, const Node& node, bool is_view, Index batch) {
  const Index out = elements(graph.value(node.output), batch);
  OpCost cost = std::visit(Counter{graph, node, batch, out}, node.op);
  if (is_view) return cost;
  if (std::holds_alternative<GatherBias>(node.op) || std::holds_alternative<GatherTable>(node.op)) {
    cost.elements_read = out;  // one entry of the table for each element written
  } else {
    Index& read = cost.elements_read;
    for (const ValueId x : node.inputs) read = counted_sum(read, elements(graph.value(x), batch));
    for (const ParameterId p : node.parameters)
      read = counted_sum(read, graph.parameter(p).shape.elements());
  }
  cost.elements_written = out;
  return cost;
}

}  // namespace vitlab::graph
