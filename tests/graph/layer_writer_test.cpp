#include "graph/layer_writer.h"

#include <stdexcept>

#include "test.hpp"

namespace vitlab::graph {
namespace {

/// Two maps of equal shape (N, 4, 6, 6) whose channels are different axes.
struct Maps {
  Graph graph;
  LayerWriter writer;
  Extent left, right;
  ValueId a, b;

  explicit Maps(bool keeps_names = true) : writer(graph, LayerId(0), keeps_names) {
    graph.layers.push_back({"layer", "test", LayerRole::kStem, 0});
    left = Extent(2, writer.axis(AxisKind::kEmbedding, "width", 2, 0));
    right = {writer.axis(AxisKind::kHidden, "hidden", 4)};
    a = graph.input = graph.add_value({{1, 4, 6, 6}, true, 1, left});
    b = graph.add_value({{1, 4, 6, 6}, true, 1, right});
  }
};

TEST_CASE("values made of different axes cannot be added or multiplied, equal shapes or not") {
  Maps m;
  CHECK_THROWS_AS(m.writer.add(m.a, m.b, "add"), std::logic_error);
  CHECK_THROWS_AS(m.writer.multiply(m.a, m.b, "multiply"), std::logic_error);
  CHECK_NOTHROW(m.writer.add(m.a, m.a, "add"));
  CHECK_NOTHROW(m.writer.add_leading(m.a, m.b, "lead"));
}

TEST_CASE("ops refuse values of a layout that they cannot read") {
  Maps m;
  CHECK_THROWS_AS(m.writer.linear(m.a, m.right, "linear"), std::logic_error);
  CHECK_THROWS_AS(m.writer.convolution(m.a, m.right, "c", 3, 1, 1, true, false), std::logic_error);
  CHECK_THROWS_AS(m.writer.convolution(m.a, m.right, "c", 9, 1, 0, false, false), std::logic_error);
  CHECK_THROWS_AS(
      m.writer.matrix_multiply(m.a, m.writer.slice(m.b, 2, 0, 3, "s"), false, false, "m"),
      std::logic_error);
  CHECK_THROWS_AS(m.writer.reshape(m.a, {1, 4, 35}, 1, m.left, "r"), std::logic_error);
  CHECK_THROWS_AS(m.writer.reshape(m.a, {1, 36, 4}, 1, m.left, "r"), std::logic_error);
  CHECK_THROWS_AS(m.writer.split(m.a, 1, 2, "s"), std::logic_error);
  CHECK_THROWS_AS(m.writer.slice(m.a, 2, 3, 4, "s"), std::logic_error);
  CHECK_THROWS_AS(m.writer.add_broadcast(m.a, m.b, "b"), std::logic_error);
}

TEST_CASE("slices fall on axis borders and joins lay axes end to end") {
  Maps m;
  const ValueId half = m.writer.split(m.a, 1, 1, "half");
  CHECK(m.graph.value(half).shape == Shape{1, 2, 6, 6});
  CHECK(std::get<Slice>(m.graph.nodes.back().op).begin == 2);
  const ValueId joined = m.writer.concat({m.b, half}, 1, "join");
  CHECK(m.graph.value(joined).channels == Extent{m.right[0], m.left[0]});
  CHECK(m.graph.value(joined).shape == Shape{1, 6, 6, 6});
  CHECK(m.writer.split(m.a, 0, 2, "all") == m.a);
  CHECK(m.writer.concat({m.a}, 1, "one") == m.a);
}

TEST_CASE("a padded map is cropped back to its shape") {
  Maps m;
  const ValueId padded = m.writer.pad(m.a, 2, 1, 3, "pad");
  CHECK(m.graph.value(padded).shape == Shape{1, 4, 7, 9});
  CHECK(m.graph.value(m.writer.crop(padded, 2, 6, 6, "crop")).shape == Shape{1, 4, 6, 6});
  CHECK(m.writer.pad(m.a, 2, 0, 0, "pad") == m.a);
  CHECK(m.writer.crop(m.a, 2, 6, 6, "crop") == m.a);
}

TEST_CASE("a convolution with a norm has no bias, one without has") {
  for (const Norm norm : {Norm::kBatch, Norm::kLayer, Norm::kNone}) {
    Maps m;
    m.writer.conv_norm(m.a, m.right, "pw", {.kernel = 3, .stride = 2, .norm = norm});
    const std::size_t parts = norm == Norm::kBatch ? 5 : norm == Norm::kLayer ? 3 : 2;
    REQUIRE(m.graph.parameters.size() == parts);
    CHECK(m.graph.parameter_name(ParameterId(0)) == "layer.pw.conv.weight");
    CHECK(m.graph.parameter_name(ParameterId(1)) ==
          (norm == Norm::kNone ? "layer.pw.conv.bias" : "layer.pw.norm.weight"));
    CHECK(m.graph.parameter(ParameterId(0)).decays);
    CHECK_FALSE(m.graph.parameter(ParameterId(1)).decays);
    CHECK(m.graph.value(m.graph.nodes.back().output).shape == Shape{1, 4, 3, 3});
  }
}

TEST_CASE("without names the graph is the same but for them") {
  Maps named(true), bare(false);
  for (Maps* m : {&named, &bare}) {
    m->writer.conv_norm(m->a, m->right, "pw", {});
    m->writer.layer_norm(m->a, "norm", 1e-6);
  }
  REQUIRE(named.graph.nodes.size() == bare.graph.nodes.size());
  for (const NodeId i : bare.graph.nodes.ids()) {
    CHECK(bare.graph.nodes[i].name.empty());
    CHECK_FALSE(named.graph.nodes[i].name.empty());
    CHECK(named.graph.nodes[i].inputs == bare.graph.nodes[i].inputs);
    CHECK(named.graph.nodes[i].parameters == bare.graph.nodes[i].parameters);
  }
  for (const Parameter& parameter : bare.graph.parameters) CHECK(parameter.name.empty());
}

}  // namespace
}  // namespace vitlab::graph
