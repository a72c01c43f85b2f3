#include "graph/memory_plan.h"

#include <algorithm>
#include <variant>

namespace vitlab::graph {

namespace {

/// The tensor's sizes with two images: enough for strides to show what a real batch shows.
Shape sizes(const Value& value) {
  Shape result = value.shape;
  if (value.batched && result.rank() > 0) result[0] *= 2;
  return result;
}

/// Dense strides in the order in memory of `strides`: what an element-wise op gives back.
Shape compact(const Shape& shape, const Shape& strides) {
  std::array<int, Shape::kMaxRank> order{};
  const int rank = shape.rank();
  for (int i = 0; i < rank; ++i) order[static_cast<std::size_t>(i)] = i;
  std::stable_sort(order.begin(), order.begin() + rank,
                   [&](int a, int b) { return strides[a] > strides[b]; });
  Shape result = shape;
  Index stride = 1;
  for (int i = rank - 1; i >= 0; --i) {
    const int dim = order[static_cast<std::size_t>(i)];
    result[dim] = stride;
    stride = counted_product(stride, shape[dim]);
  }
  return result;
}

bool is_element_wise(const Op& op) {
  return std::holds_alternative<Activate>(op) || std::holds_alternative<Add>(op) ||
         std::holds_alternative<AddBroadcast>(op) || std::holds_alternative<AddLeading>(op) ||
         std::holds_alternative<Multiply>(op) || std::holds_alternative<Scale>(op) ||
         std::holds_alternative<L2Normalize>(op) || std::holds_alternative<LimitedExp>(op);
}

/// Whether the value is at hand before the forward pass: parameters and constants.
bool is_at_hand(const Op& op) {
  return std::holds_alternative<UseParameter>(op) || std::holds_alternative<ShiftMask>(op) ||
         std::holds_alternative<OffsetTable>(op);
}

/// Strides of a view made by `node`, or false if it writes memory.
bool view_of(const Graph& graph, const Node& node, const Layout& layout, Shape& strides) {
  if (node.inputs.empty()) return false;
  const ValueId x = node.inputs[0];
  const Shape& in = layout.strides[x];
  if (std::holds_alternative<Slice>(node.op) || std::holds_alternative<DropPath>(node.op)) {
    strides = in;
    return true;
  }
  if (const auto* permute = std::get_if<Permute>(&node.op)) {
    strides = in;
    for (int i = 0; i < in.rank(); ++i)
      strides[i] = in[permute->order[static_cast<std::size_t>(i)]];
    return true;
  }
  if (std::holds_alternative<Broadcast>(node.op)) {
    strides = in;
    strides[0] = 0;
    return true;
  }
  if (std::holds_alternative<Reshape>(node.op))
    return view_strides(sizes(graph.values[x]), in, sizes(graph.value(node.output)), strides);
  return false;
}

}  // namespace

Layout lay_out(const Graph& graph, const Shape* input_strides) {
  const std::size_t count = graph.values.size();
  Layout layout{core::IdVector<ValueId, ValueId>(count), core::IdVector<ValueId, Shape>(count),
                core::IdVector<ValueId, bool>(count, false)};
  for (const ValueId v : graph.values.ids()) layout.storage[v] = v;
  layout.strides[graph.input] =
      input_strides ? *input_strides : dense_strides(sizes(graph.value(graph.input)));
  for (const Node& node : graph.nodes) {
    const ValueId out = node.output;
    Shape strides;
    // Reading a parameter or a constant as a value hands out its own memory.
    if (is_at_hand(node.op)) layout.is_view[out] = true;
    if (view_of(graph, node, layout, strides)) {
      layout.is_view[out] = true;
      layout.storage[out] = layout.storage[node.inputs[0]];
      layout.strides[out] = strides;
    } else if (is_element_wise(node.op)) {
      layout.strides[out] = compact(sizes(graph.values[out]), layout.strides[node.inputs[0]]);
    } else {
      layout.strides[out] = dense_strides(sizes(graph.values[out]));
    }
  }
  return layout;
}

MemoryPlan plan_memory(const Graph& graph, const Layout& layout, Index batch, bool input_dies) {
  const std::size_t count = graph.values.size();
  core::IdVector<ValueId, NodeId> first(count), last(count);
  const NodeId end(graph.nodes.size() - 1);
  for (const NodeId i : graph.nodes.ids()) {
    const Node& node = graph.nodes[i];
    for (const ValueId x : node.inputs) last[layout.storage[x]] = i;
    const ValueId out = node.output;
    if (!layout.is_view[out]) first[out] = last[out] = i;
  }
  if (!input_dies) last[graph.input] = end;
  for (const NamedOutput& output : graph.outputs) last[layout.storage[output.value]] = end;

  MemoryPlan plan;
  std::vector<Index> change(graph.nodes.size() + 1, 0);
  Index all = 0;
  for (const ValueId v : graph.values.ids()) {
    if (!first[v].valid() && v != graph.input) continue;
    const Value& value = graph.values[v];
    const Index elements = counted_product(value.shape.elements(), value.batched ? batch : 1);
    plan.buffers.push_back({v, elements, first[v], last[v]});
    // Were all buffers alive at once, their sum would still be counted.
    all = counted_sum(all, elements);
    change[first[v].valid() ? first[v].index() : 0] += elements;
    change[last[v].index() + 1] -= elements;
  }
  Index live = 0;
  for (const NodeId i : graph.nodes.ids()) {
    live += change[i.index()];
    if (live > plan.peak_elements) {
      plan.peak_elements = live;
      plan.peak_node = i;
    }
  }
  return plan;
}

}  // namespace vitlab::graph
