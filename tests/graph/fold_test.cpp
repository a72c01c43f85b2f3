#include "graph/fold.h"

#include <set>
#include <string>

#include "architecture/presets.h"
#include "graph/cost.h"
#include "graph/op_cost.h"
#include "random_models.h"
#include "test.hpp"

namespace vitlab::graph {
namespace {

template <typename Kind>
std::size_t count_of(const Graph& graph) {
  std::size_t count = 0;
  for (const Node& node : graph.nodes) count += std::holds_alternative<Kind>(node.op);
  return count;
}

/// The convolution or null behind whose output `norm` stands.
bool follows_convolution(const Graph& graph, const Node& norm) {
  for (const Node& node : graph.nodes)
    if (node.output == norm.inputs[0] && std::holds_alternative<Convolution>(node.op)) return true;
  return false;
}

/// Every value that is read has been made before; names stay unique.
void check_order_and_names(const Graph& graph) {
  std::set<ValueId> made{graph.input};
  for (const Node& node : graph.nodes) {
    for (const ValueId x : node.inputs) REQUIRE(made.count(x) == 1);
    REQUIRE(made.insert(node.output).second);
  }
  for (const NamedOutput& output : graph.outputs) REQUIRE(made.count(output.value) == 1);
  for (const ValueId gate : graph.gates) REQUIRE(made.count(gate) == 1);
  for (const AttentionTap& tap : graph.attention) {
    for (const ValueId map : tap.maps) REQUIRE(made.count(map) == 1);
    for (const ValueId output : tap.outputs) REQUIRE(made.count(output) == 1);
  }
  std::set<std::string> names;
  for (const ParameterId p : graph.parameters.ids())
    REQUIRE(names.insert(graph.parameter_name(p)).second);
}

/// Each recipe reads parameters of the old graph and gives the shape of the new one.
void check_recipes(const Graph& old, const Rewrite& rewrite) {
  using Kind = WeightRecipe::Kind;
  REQUIRE(rewrite.recipes.size() == rewrite.graph.parameters.size());
  for (const ParameterId p : rewrite.recipes.ids()) {
    const WeightRecipe& recipe = rewrite.recipes[p];
    const Shape& shape = rewrite.graph.parameters[p].shape;
    REQUIRE((recipe.kind == Kind::kConstant || !recipe.sources.empty()));
    for (const ParameterId source : recipe.sources)
      REQUIRE((source.valid() && source.index() < old.parameters.size()));
    const Shape first = recipe.sources.empty() ? Shape{} : old.parameter(recipe.sources[0]).shape;
    switch (recipe.kind) {
      case Kind::kCopy:
      case Kind::kFoldedConvBias:
        REQUIRE(shape == first);
        break;
      case Kind::kFoldedConvWeight:
      case Kind::kFoldedLinearWeight: {
        REQUIRE(shape == first);
        const int dim = recipe.kind == Kind::kFoldedConvWeight ? 0 : 1;
        REQUIRE(old.parameter(recipe.sources[1]).shape == Shape{first[dim]});
        REQUIRE(old.parameter(recipe.sources[2]).shape == Shape{first[dim]});
        break;
      }
      case Kind::kFoldedLinearBias:
        REQUIRE(shape == Shape{first[0]});
        break;
      case Kind::kConstant:
        REQUIRE(recipe.constant.parameters.size() == recipe.sources.size());
        REQUIRE(recipe.constant.value(recipe.constant.outputs.at(0).value).shape == shape);
        break;
    }
  }
}

/// Trained parameters of the deploy form, counted from the old graph: a norm behind a convolution
/// leaves one bias, one before a linear layer nothing but that layer's bias; a value without images
/// is kept as it is read.
Index parameters_after(const Graph& old) {
  std::set<ValueId> needed;  // values that stay, with images or without
  for (const NamedOutput& output : old.outputs) needed.insert(output.value);
  for (auto node = old.nodes.rbegin(); node != old.nodes.rend(); ++node) {
    const bool is_slice = std::holds_alternative<Slice>(node->op);
    if (old.value(node->output).batched || (is_slice && needed.contains(node->output)))
      for (const ValueId x : node->inputs) needed.insert(x);
  }
  std::set<ParameterId> used;
  std::set<ValueId> untrained;  // masks, and what is made of them alone
  Index count = 0;
  for (const Node& node : old.nodes) {
    const bool batched = old.value(node.output).batched;
    const bool is_needed = needed.contains(node.output);
    const auto is_untrained = [&](ValueId x) { return untrained.contains(x); };
    if (batched || (is_needed && std::holds_alternative<UseParameter>(node.op)))
      for (const ParameterId p : node.parameters) used.insert(p);
    else if (!batched && node.parameters.empty() &&
             std::all_of(node.inputs.begin(), node.inputs.end(), is_untrained))
      untrained.insert(node.output);
    else if (is_needed && !std::holds_alternative<Slice>(node.op))
      count += old.value(node.output).shape.elements();
    if (!std::holds_alternative<BatchNorm>(node.op)) continue;
    const Index channels = old.parameter(node.parameters[0]).shape[0];
    // Convolutions before a norm and the heads' linear layers behind one: no bias, and a bias.
    count -= follows_convolution(old, node) ? channels : 2 * channels;
  }
  for (const ParameterId p : used)
    if (old.parameter(p).trained) count += old.parameter(p).shape.elements();
  return count;
}

Index macs_per_image(const Graph& graph) {
  Index macs = 0;
  for (const Node& node : graph.nodes)
    if (graph.value(node.output).batched) macs += op_cost(graph, node, false, 1).macs;
  return macs;
}

void check_fold(const Graph& old) {
  const Rewrite rewrite = fold(old);
  REQUIRE(count_of<BatchNorm>(rewrite.graph) == 0);
  for (const Node& node : rewrite.graph.nodes) {
    const bool is_view =
        std::holds_alternative<UseParameter>(node.op) || std::holds_alternative<Slice>(node.op);
    REQUIRE((rewrite.graph.value(node.output).batched || is_view));
  }
  REQUIRE(count_of<Convolution>(rewrite.graph) == count_of<Convolution>(old));
  REQUIRE(rewrite.graph.outputs.size() == old.outputs.size());
  check_recipes(old, rewrite);
  check_order_and_names(rewrite.graph);
  const Cost before = graph_cost(old), after = graph_cost(rewrite.graph);
  REQUIRE(after.macs == macs_per_image(old));
  REQUIRE(after.flops <= before.flops);
  REQUIRE(after.parameters == parameters_after(old));
}

TEST_CASE("folding random models leaves no batch norm, consistent recipes and the same macs") {
  RandomModels models(41);
  for (int run = 0; run < 200; ++run) check_fold(architecture::build_graph(models.next()));
}

TEST_CASE("folding the presets leaves no batch norm, consistent recipes and the same macs") {
  for (const char* name : {"efficientvit_m0", "efficientvit_m5", "deit_tiny"}) {
    INFO(name);
    check_fold(architecture::build_graph(architecture::resolve_model(name).spec));
  }
}

TEST_CASE("no scale is left where weights can take it over") {
  for (const char* name : {"efficientvit_m0", "efficientvit_m5", "deit_tiny"}) {
    const Graph old = architecture::build_graph(architecture::resolve_model(name).spec);
    REQUIRE(count_of<Scale>(old) > 0);
    CHECK(count_of<Scale>(fold(old).graph) == 0);
  }
}

TEST_CASE("a scale stays where something else reads the unscaled value") {
  Graph graph;
  graph.layers.push_back({"layer", "test", LayerRole::kStem, 0});
  LayerWriter writer(graph, LayerId(0));
  const Extent channels{writer.axis(AxisKind::kEmbedding, "width", 4, 0)};
  graph.input = graph.add_value({{1, 4, 2, 2}, true, 1, channels});
  const ValueId made = writer.convolution(graph.input, channels, "c", 1, 1, 0, false, false);
  const ValueId half = writer.slice(made, 1, 1, 2, "half");
  graph.outputs.push_back({"y", writer.scale(half, 0.5, "scale")});
  CHECK(count_of<Scale>(fold(graph).graph) == 0);
  graph.outputs.push_back({"z", writer.slice(made, 1, 2, 2, "other")});
  CHECK(count_of<Scale>(fold(graph).graph) == 1);
}

TEST_CASE("dropout disappears, also where an output or a gate reads it") {
  Graph graph;
  graph.layers.push_back({"layer", "test", LayerRole::kStem, 0});
  LayerWriter writer(graph, LayerId(0));
  const Extent channels{writer.axis(AxisKind::kEmbedding, "width", 4, 0)};
  graph.input = graph.add_value({{1, 4, 2, 2}, true, 1, channels});
  const ValueId dropped = writer.drop_path(
      writer.drop_path(writer.activate(graph.input, Activation::kRelu, "a"), 0.5, "d1"), 0.5, "d2");
  writer.gate(dropped);
  graph.outputs.push_back({"y", dropped});
  const Graph folded = fold(graph).graph;
  REQUIRE(folded.nodes.size() == 1);
  CHECK(folded.outputs[0].value == folded.nodes.front().output);
  CHECK(folded.gates[0] == folded.nodes.front().output);
}

TEST_CASE("a norm is kept where the convolution before it is read by something else too") {
  Graph graph;
  graph.layers.push_back({"layer", "test", LayerRole::kStem, 0});
  LayerWriter writer(graph, LayerId(0));
  const Extent channels{writer.axis(AxisKind::kEmbedding, "width", 4, 0)};
  graph.input = graph.add_value({{1, 4, 2, 2}, true, 1, channels});
  const ValueId made = writer.convolution(graph.input, channels, "c", 1, 1, 0, false, false);
  graph.outputs.push_back({"y", writer.add(made, writer.batch_norm(made, "n"), "sum")});
  const Rewrite rewrite = fold(graph);
  CHECK(count_of<BatchNorm>(rewrite.graph) == 1);
  check_recipes(graph, rewrite);
  check_order_and_names(rewrite.graph);
}

TEST_CASE("a bias of the convolution is folded in with the norm") {
  Graph graph;
  graph.layers.push_back({"layer", "test", LayerRole::kStem, 0});
  LayerWriter writer(graph, LayerId(0));
  const Extent channels{writer.axis(AxisKind::kEmbedding, "width", 4, 0)};
  graph.input = graph.add_value({{1, 4, 2, 2}, true, 1, channels});
  const ValueId made = writer.convolution(graph.input, channels, "c", 1, 1, 0, false, true);
  graph.outputs.push_back({"y", writer.batch_norm(made, "n")});
  const Rewrite rewrite = fold(graph);
  REQUIRE(rewrite.graph.parameters.size() == 2);
  CHECK(rewrite.recipes[ParameterId(1)].sources == std::vector{ParameterId(2), ParameterId(3),
                                                               ParameterId(4), ParameterId(5),
                                                               ParameterId(1)});
  CHECK(rewrite.graph.parameter_name(ParameterId(1)) == "layer.c.bias");
}

}  // namespace
}  // namespace vitlab::graph
