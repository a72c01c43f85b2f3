#include "predict/op_features.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "architecture/presets.h"
#include "core/random.h"
#include "graph/fold.h"
#include "graph/memory_plan.h"
#include "graph/op_cost.h"
#include "predict/model_space.h"
#include "predict/time_guess.h"
#include "test.hpp"

namespace vitlab::predict {
namespace {

std::vector<graph::Graph> drawn_graphs(std::size_t count) {
  core::Random random(11);
  std::vector<graph::Graph> graphs;
  for (const core::Json& knobs : draw_models(random, count, {}))
    graphs.push_back(
        graph::fold(architecture::build_graph(architecture::expand_knobs(knobs, "test"))).graph);
  return graphs;
}

/// The same graph with other names and with its values and parameters numbered anew.
graph::Graph renumbered(const graph::Graph& graph, std::uint64_t seed) {
  core::Random random(seed);
  const auto values = random.permutation(static_cast<std::int64_t>(graph.values.size()));
  const auto parameters = random.permutation(static_cast<std::int64_t>(graph.parameters.size()));
  const auto value = [&](graph::ValueId id) { return graph::ValueId(values[id.index()]); };
  const auto parameter = [&](graph::ParameterId id) {
    return graph::ParameterId(parameters[id.index()]);
  };
  graph::Graph result = graph;
  for (const graph::ValueId i : graph.values.ids()) result.values[value(i)] = graph.values[i];
  for (const graph::ParameterId i : graph.parameters.ids())
    result.parameters[parameter(i)] = graph.parameters[i];
  for (graph::Node& node : result.nodes) {
    for (graph::ValueId& id : node.inputs) id = value(id);
    for (graph::ParameterId& id : node.parameters) id = parameter(id);
    node.output = value(node.output);
    node.name = "renamed";
  }
  for (graph::LayerInfo& layer : result.layers) layer.path = "elsewhere";
  for (graph::NamedOutput& output : result.outputs) output.value = value(output.value);
  result.input = value(graph.input);
  return result;
}

TEST_CASE(
    "features of a graph do not depend on names or on how values and parameters are numbered") {
  for (const graph::Graph& graph : drawn_graphs(12)) {
    const auto plain = op_features(graph, 4, 4);
    const auto other = op_features(renumbered(graph, 5), 4, 4);
    REQUIRE(plain.size() == other.size());
    for (std::size_t i = 0; i < plain.size(); ++i) {
      CHECK(plain[i].kind == other[i].kind);
      CHECK(plain[i].shape == other[i].shape);
      CHECK(plain[i].copied_bytes == other[i].copied_bytes);
    }
  }
}

TEST_CASE("features count the batch as the cost does") {
  for (const graph::Graph& graph : drawn_graphs(6)) {
    const auto one = op_features(graph, 1, 4);
    const auto eight = op_features(graph, 8, 4);
    const graph::Layout layout = graph::lay_out(graph);
    for (const graph::NodeId i : graph.nodes.ids()) {
      const graph::Node& node = graph.nodes[i];
      const bool is_view = layout.is_view[node.output];
      const graph::OpCost cost = graph::op_cost(graph, node, is_view, 8);
      CHECK(eight[i.index()].flops == static_cast<double>(cost.flops));
      CHECK(eight[i.index()].bytes == 4 * static_cast<double>(cost.elements_moved()));
      CHECK(eight[i.index()].kind == one[i.index()].kind);
      if (graph.value(node.output).batched)
        CHECK(eight[i.index()].flops == 8 * one[i.index()].flops);
      CHECK(op_features(graph, 8, 2)[i.index()].bytes * 2 == eight[i.index()].bytes);
      if (i.number() > 20) break;
    }
  }
}

TEST_CASE(
    "what shifted windows mask counts as subnormal, in the plain graph and in the folded one") {
  const core::Json knobs =
      core::Json::parse(R"({"template": "swin", "image_size": 64, "classes": 10,
      "widths": [8], "heads": [2], "depths": [2], "window": 4})");
  const graph::Graph graph = architecture::build_graph(architecture::expand_knobs(knobs, "test"));
  double softmax = 0, products = 0;
  for (const OpFeatures& op : op_features(graph, 2, 4))
    (op.kind == "softmax" ? softmax : products) += op.subnormals;
  // 4 x 4 windows of 4 x 4 tokens, shifted by 2: 3/4 · 1 + 1/4 · 1/2 of the pairs along each side
  // stay together.
  const double masked = 1 - 0.875 * 0.875;
  CHECK(softmax == Approx(masked * 2 * 16 * 2 * 16 * 16));
  CHECK(products == Approx(softmax * 4));  // V is 4 wide
  double folded = 0;
  for (const OpFeatures& op : op_features(graph::fold(graph), 2, 4)) folded += op.subnormals;
  CHECK(folded == Approx(softmax + products));
  CHECK(op_features(graph::fold(graph).graph, 2, 4).size() ==
        op_features(graph::fold(graph), 2, 4).size());
}

TEST_CASE("every op has every feature, and views have their own kind") {
  for (const graph::Graph& graph : drawn_graphs(12)) {
    const graph::Layout layout = graph::lay_out(graph);
    const auto rows = op_features(graph, 4, 4);
    CHECK(rows.size() == graph.nodes.size());
    for (const graph::NodeId id : graph.nodes.ids()) {
      const OpFeatures& row = rows[id.index()];
      CHECK(row.shape.size() == op_feature_names().size());
      CHECK((row.kind == "view") == layout.is_view[graph.nodes[id].output]);
    }
  }
  CHECK(op_feature_names()[20] == "log_distance");
}

TEST_CASE(
    "drawn models repeat with the seed, differ from one another and run in the time asked for") {
  ModelSpaceLimits limits;
  core::Random first(3), second(3);
  const auto models = draw_models(first, 30, limits);
  CHECK(models == draw_models(second, 30, limits));
  std::set<std::string> templates;
  for (std::size_t i = 0; i < models.size(); ++i) {
    templates.insert(models[i].at("template").get<std::string>());
    CHECK(std::count(models.begin(), models.end(), models[i]) == 1);
    const graph::Graph graph =
        architecture::build_graph(architecture::expand_knobs(models[i], "test"));
    const double seconds = guess_seconds(graph, limits.batch, limits.threads);
    CHECK(seconds >= limits.least_seconds);
    CHECK(seconds <= limits.most_seconds);
  }
  CHECK(templates.size() >= 4);
}

}  // namespace
}  // namespace vitlab::predict
