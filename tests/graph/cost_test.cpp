#include "graph/cost.h"

#include "graph/op_cost.h"
#include "random_models.h"
#include "test.hpp"

namespace vitlab::graph {
namespace {

TEST_CASE("layers' costs add up to the graph's, and the largest peak is the graph's") {
  RandomModels models(31);
  for (int run = 0; run < 100; ++run) {
    const Graph graph = architecture::build_graph(models.next());
    const Cost whole = graph_cost(graph, 2);
    const auto layers = layer_costs(graph, 2);
    REQUIRE(layers.size() == graph.layers.size());
    Cost sum;
    Index parameters = 0;
    for (const Cost& layer : layers) sum += layer;
    for (const Parameter& parameter : graph.parameters)
      if (parameter.trained) parameters += parameter.shape.elements();
    REQUIRE(sum == whole);
    REQUIRE(whole.parameters == parameters);
    const Layout layout = lay_out(graph);
    REQUIRE(whole.peak_elements == plan_memory(graph, layout, 2).peak_elements);
  }
}

/// What values that do not depend on the images cost: once, whatever the batch.
Cost cost_without_images(const Graph& graph) {
  Cost cost;
  for (const Node& node : graph.nodes) {
    const Value& out = graph.value(node.output);
    if (out.batched || op_category(node.op) != Category::kMultiplication) continue;
    cost.macs += op_cost(graph, node, false, 1).macs;
    cost.activations += out.shape.elements();
  }
  return cost;
}

TEST_CASE("macs grow in proportion to the batch and parameters not at all") {
  RandomModels models(32);
  for (int run = 0; run < 50; ++run) {
    const Graph graph = architecture::build_graph(models.next());
    const Cost one = graph_cost(graph, 1), five = graph_cost(graph, 5);
    const Cost fixed = cost_without_images(graph);  // bias networks
    REQUIRE(five.macs == 5 * one.macs - 4 * fixed.macs);
    REQUIRE(five.activations == 5 * one.activations - 4 * fixed.activations);
    REQUIRE(five.parameters == one.parameters);
    // Weights and position biases are moved once, whatever the batch.
    REQUIRE(five.elements_moved > one.elements_moved);
    REQUIRE(five.elements_moved <= 5 * one.elements_moved);
    REQUIRE(five.peak_elements <= 5 * one.peak_elements);
    REQUIRE(one.flops >= 2 * one.macs);
  }
}

TEST_CASE("counts beyond 64 bits are refused") {
  const Index half = Index{1} << 62;
  CHECK(counted_sum(half, half - 1) == 2 * (half - 1) + 1);
  CHECK_THROWS_AS(counted_sum(half, half), TooLarge);
  CHECK(counted_product(half, 1) == half);
  CHECK_THROWS_AS(counted_product(half, 2), TooLarge);
  CHECK_THROWS_AS((Shape{half, 1, 4}.elements()), TooLarge);
  Cost cost{.macs = half};
  CHECK_THROWS_AS(cost += cost, TooLarge);
}

TEST_CASE("sums add all but the peak, of which the larger stays") {
  Cost a{1, 2, 3, 4, 5, 60};
  a += Cost{10, 20, 30, 40, 50, 6};
  CHECK(a == Cost{11, 22, 33, 44, 55, 60});
}

}  // namespace
}  // namespace vitlab::graph
