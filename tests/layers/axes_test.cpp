#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "architecture/presets.h"
#include "random_models.h"
#include "test.hpp"

namespace vitlab::layers {
namespace {

/// Dimensions that no axis owns: pruning leaves them alone.
bool is_constant(const graph::Graph& graph, const graph::Node& node,
                 const graph::Parameter& parameter, int dim) {
  if (std::holds_alternative<graph::Convolution>(node.op)) return dim >= 2;  // kernel taps
  if (const auto* gather = std::get_if<graph::GatherBias>(&node.op))  // offsets of a bias table
    return dim == (gather->rule == graph::BiasRule::kAbsoluteOffset ? 1 : 0);
  if (std::holds_alternative<graph::Linear>(node.op) &&
      dim == 1)  // the two coordinates of an offset
    for (const graph::Node& other : graph.nodes)
      if (other.output == node.inputs[0])
        return std::holds_alternative<graph::OffsetTable>(other.op);
  const bool is_tokens = parameter.name == "position_embedding" || parameter.name == "class_token";
  return std::holds_alternative<graph::UseParameter>(node.op) && is_tokens && dim == 1 &&
         graph.layer(parameter.layer).kind == PatchStem::kName;
}

/// Every dimension of a parameter that lacks its axes, or has axes of another size.
std::vector<std::string> badly_labelled(const graph::Graph& graph) {
  std::vector<std::string> found;
  for (const graph::Node& node : graph.nodes) {
    for (const graph::ParameterId id : node.parameters) {
      const graph::Parameter& parameter = graph.parameter(id);
      for (int dim = 0; dim < parameter.shape.rank(); ++dim) {
        const graph::Extent& extent = parameter.dims[static_cast<std::size_t>(dim)];
        const bool fits =
            extent.empty() ? parameter.shape[dim] == 1 || is_constant(graph, node, parameter, dim)
                           : graph.size(extent) == parameter.shape[dim];
        if (!fits) found.push_back(graph.parameter_name(id) + " dimension " + std::to_string(dim));
      }
    }
  }
  return found;
}

/// Values whose labels do not fit their shape.
std::vector<std::string> badly_labelled_values(const graph::Graph& graph) {
  std::vector<std::string> found;
  for (const graph::Node& node : graph.nodes) {
    const graph::Value& value = graph.value(node.output);
    const bool fits = value.channel_dim == graph::kUnset
                          ? value.channels.empty()
                          : graph.size(value.channels) == value.shape[value.channel_dim];
    if (!fits) found.push_back(graph.node_name(node));
  }
  return found;
}

TEST_CASE("every dimension of every parameter names its axes, or is a known constant") {
  RandomModels models(51);
  std::set<std::string_view> kinds;
  for (int run = 0; run < 300; ++run) {
    const graph::Graph graph = architecture::build_graph(models.next());
    REQUIRE(badly_labelled(graph) == std::vector<std::string>{});
    REQUIRE(badly_labelled_values(graph) == std::vector<std::string>{});
    for (const graph::LayerInfo& layer : graph.layers) kinds.insert(layer.kind);
  }
  CHECK(kinds.size() == layer_kind_names().size());  // the models above hold every layer kind
}

TEST_CASE("every dimension of the presets' parameters names its axes") {
  for (const std::string& name : architecture::preset_names()) {
    INFO(name);
    const graph::Graph graph = architecture::build_graph(architecture::resolve_model(name).spec);
    CHECK(badly_labelled(graph) == std::vector<std::string>{});
    CHECK(badly_labelled_values(graph) == std::vector<std::string>{});
  }
}

TEST_CASE("a dropped label is found, whichever it is") {
  const graph::Graph whole =
      architecture::build_graph(architecture::resolve_model("efficientvit_m0").spec);
  int dropped = 0;
  for (const graph::ParameterId p : whole.parameters.ids()) {
    if (p.number() % 7 != 0) continue;
    for (std::size_t dim = 0; dim < whole.parameters[p].dims.size(); ++dim) {
      if (whole.parameters[p].dims[dim].empty()) continue;
      graph::Graph graph = whole;
      graph.parameters[p].dims[dim].clear();
      CHECK(badly_labelled(graph).size() == 1);
      ++dropped;
    }
  }
  CHECK(dropped > 50);
}

TEST_CASE("axes, parameters and nodes have names of their own") {
  RandomModels models(52);
  for (int run = 0; run < 100; ++run) {
    const graph::Graph graph = architecture::build_graph(models.next());
    std::set<std::string> axes, parameters, nodes;
    for (const graph::AxisId a : graph.axes.ids()) REQUIRE(axes.insert(graph.axis_name(a)).second);
    for (const graph::ParameterId p : graph.parameters.ids())
      REQUIRE(parameters.insert(graph.parameter_name(p)).second);
    for (const graph::Node& node : graph.nodes) REQUIRE(nodes.insert(graph.node_name(node)).second);
  }
}

TEST_CASE("an owned axis names a unit of a heads axis of its own layer") {
  RandomModels models(53);
  int owned = 0;
  for (int run = 0; run < 100; ++run) {
    const graph::Graph graph = architecture::build_graph(models.next());
    for (const graph::Axis& axis : graph.axes) {
      if (!axis.owner.valid()) continue;
      const graph::Axis& owner = graph.axis(axis.owner);
      REQUIRE(owner.kind == graph::AxisKind::kHead);
      REQUIRE(owner.layer == axis.layer);
      REQUIRE((axis.owner_unit >= 0 && axis.owner_unit < owner.size));
      ++owned;
    }
  }
  CHECK(owned > 100);
}

/// The gates on the channels of an axis.
int gates_of(const graph::Graph& graph, graph::AxisId axis) {
  int count = 0;
  for (const graph::ValueId gate : graph.gates)
    for (const graph::AxisId id : graph.value(gate).channels) count += id == axis;
  return count;
}

TEST_CASE("every axis of a layer's own has one gate, but for residual streams, which have more") {
  RandomModels models(54);
  for (int run = 0; run < 150; ++run) {
    const graph::Graph graph = architecture::build_graph(models.next());
    for (const graph::AxisId a : graph.axes.ids()) {
      const graph::AxisKind kind = graph.axes[a].kind;
      if (kind == graph::AxisKind::kImage || kind == graph::AxisKind::kHead ||
          kind == graph::AxisKind::kClasses || kind == graph::AxisKind::kEmbedding ||
          kind == graph::AxisKind::kExpert)
        continue;
      INFO(graph.axis_name(a));
      const bool is_stream = graph.axes[a].field == "width";  // where it begins, and what is added
      REQUIRE((is_stream ? gates_of(graph, a) > 2 : gates_of(graph, a) == 1));
    }
  }
}

TEST_CASE("an embedding is gated where its stream begins and where something is added to it") {
  RandomModels models(55);
  for (int run = 0; run < 60; ++run) {
    const architecture::ModelSpec spec = models.next();
    const graph::Graph graph = architecture::build_graph(spec);
    for (const graph::LayerId layer : graph.layers.ids()) {
      const graph::LayerInfo& info = graph.layers[layer];
      if (info.role == graph::LayerRole::kHead) continue;
      graph::ValueId added = graph.residual_branch(layer);
      if (!added.valid())
        for (const graph::Node& node : graph.nodes)
          if (node.layer == layer) added = node.output;
      INFO(info.path << " " << info.kind);
      REQUIRE(std::count(graph.gates.begin(), graph.gates.end(), added) == 1);
    }
  }
}

TEST_CASE("what holds an axis is a layer that says why") {
  RandomModels models(56);
  int held = 0;
  for (int run = 0; run < 100; ++run) {
    const graph::Graph graph = architecture::build_graph(models.next());
    for (const graph::Axis& axis : graph.axes) {
      REQUIRE(axis.held == !axis.held_why.empty());
      if (!axis.held || axis.kind == graph::AxisKind::kImage) continue;
      REQUIRE(axis.held_by.valid());
      ++held;
    }
  }
  CHECK(held > 20);
}

}  // namespace
}  // namespace vitlab::layers
