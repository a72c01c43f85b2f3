#include "graph/graph.h"

#include <utility>

namespace vitlab::graph {

Index Graph::size(const Extent& extent) const {
  Index sum = 0;
  for (const AxisId id : extent) sum += axis(id).size;
  return sum;
}

std::optional<std::size_t> class_dim(const Graph& graph, ParameterId parameter) {
  const std::vector<Extent>& dims = graph.parameter(parameter).dims;
  for (std::size_t dim = 0; dim < dims.size(); ++dim)
    for (const AxisId id : dims[dim])
      if (graph.axis(id).kind == AxisKind::kClasses) return dim;
  return std::nullopt;
}

Index Graph::offset(const Extent& extent, std::size_t part) const {
  Index sum = 0;
  for (std::size_t i = 0; i < part; ++i) sum += axis(extent[i]).size;
  return sum;
}

std::string Graph::parameter_name(ParameterId id) const {
  const Parameter& p = parameter(id);
  return layer(p.layer).path + "." + p.name;
}

std::string Graph::node_name(const Node& node) const {
  return layer(node.layer).path + "." + node.name;
}

std::string Graph::attention_name(const AttentionTap& tap) const {
  const std::string& path = layer(tap.layer).path;
  return tap.part.empty() ? path : path + "." + tap.part;
}

std::string Graph::axis_name(AxisId id) const {
  const Axis& a = axis(id);
  if (a.kind == AxisKind::kEmbedding) return "stages." + std::to_string(a.index) + ".width";
  if (a.kind == AxisKind::kImage) return "image.channels";
  std::string name = a.layer.valid() ? layer(a.layer).path + "." : std::string();
  name += a.field;
  if (a.index != kUnset) name += "[" + std::to_string(a.index) + "]";
  return name;
}

ValueId Graph::residual_branch(LayerId layer) const {
  auto last = nodes.rbegin();
  while (last != nodes.rend() && last->layer != layer) ++last;
  if (last == nodes.rend() || !std::holds_alternative<Add>(last->op)) return {};
  const ValueId stream = last->inputs[0], branch = last->inputs[1];
  bool starts_inside = false, branch_inside = false;
  for (auto node = last; node != nodes.rend() && node->layer == layer; ++node) {
    starts_inside = starts_inside || node->output == stream;
    branch_inside = branch_inside || node->output == branch;
  }
  return starts_inside || !branch_inside ? ValueId() : branch;
}

ValueId Graph::add_value(Value value) { return values.push_back(std::move(value)); }

ParameterId Graph::add_parameter(Parameter parameter) {
  core::ensure(parameter.dims.size() == static_cast<std::size_t>(parameter.shape.rank()),
               "every dimension of a parameter names its axes");
  return parameters.push_back(std::move(parameter));
}

AxisId Graph::add_axis(Axis axis) {
  core::ensure(axis.size > 0, "an axis has at least one unit");
  return axes.push_back(axis);
}

Shape dense_strides(const Shape& shape) {
  Shape strides = shape;
  Index stride = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    strides[i] = stride;
    stride = counted_product(stride, shape[i]);
  }
  return strides;
}

bool view_strides(const Shape& shape, const Shape& strides, const Shape& wanted, Shape& result) {
  result = wanted;
  int view_dim = wanted.rank() - 1;
  // Walks runs of dimensions that lie densely in memory, last first; each run must be covered by
  // whole dimensions of the wanted shape.
  Index base = shape.rank() == 0 ? 1 : strides[shape.rank() - 1];
  Index run = 1, covered = 1;
  for (int dim = shape.rank() - 1; dim >= 0; --dim) {
    run *= shape[dim];
    const bool run_ends = dim == 0 || (shape[dim - 1] != 1 && strides[dim - 1] != run * base);
    if (!run_ends) continue;
    while (view_dim >= 0 && (covered < run || wanted[view_dim] == 1)) {
      result[view_dim] = covered * base;
      covered *= wanted[view_dim];
      --view_dim;
    }
    if (covered != run) return false;
    if (dim > 0) {
      base = strides[dim - 1];
      run = 1;
      covered = 1;
    }
  }
  return view_dim == -1;
}

}  // namespace vitlab::graph
