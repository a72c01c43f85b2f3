#include "graph/memory_plan.h"

#include <set>

#include "graph/layer_writer.h"
#include "random_models.h"
#include "test.hpp"

namespace vitlab::graph {
namespace {

/// A map of 10 elements an image and a writer behind it.
struct Chain {
  Graph graph;
  Extent channels;
  LayerWriter writer;
  ValueId x;

  Chain() : writer(graph, LayerId(0)) {
    graph.layers.push_back({"layer", "test", LayerRole::kStem, 0});
    channels = {writer.axis(AxisKind::kEmbedding, "width", 10, 0)};
    x = graph.input = graph.add_value({{1, 10, 1, 1}, true, 1, channels});
  }
  ValueId step(ValueId from) { return writer.activate(from, Activation::kRelu, "step"); }
  Index peak(Index batch = 1, bool input_dies = false) const {
    return plan_memory(graph, lay_out(graph), batch, input_dies).peak_elements;
  }
};

TEST_CASE("in a chain two neighbours and the images live at once") {
  Chain c;
  c.graph.outputs.push_back({"y", c.step(c.step(c.step(c.x)))});
  CHECK(c.peak() == 30);
  CHECK(c.peak(4) == 120);
  CHECK(c.peak(1, true) == 20);
}

TEST_CASE("a value that is read again later lives until then") {
  Chain c;
  const ValueId kept = c.step(c.x);
  const ValueId y = c.step(c.step(kept));
  c.graph.outputs.push_back({"y", c.writer.add(y, kept, "residual")});
  // While the third step runs: images, kept, its input and its output.
  CHECK(c.peak() == 40);
  const MemoryPlan plan = plan_memory(c.graph, lay_out(c.graph), 1);
  CHECK(plan.peak_node == NodeId(2));
  CHECK(plan.buffers.size() == 5);
}

TEST_CASE("a view owns no memory but keeps alive what it looks at") {
  Chain c;
  const ValueId made = c.step(c.x);
  const ValueId view = c.writer.reshape(made, {1, 1, 1, 10}, 3, c.channels, "view");
  const ValueId other = c.step(c.step(c.x));
  const ValueId again = c.writer.reshape(other, {1, 1, 1, 10}, 3, c.channels, "view");
  c.graph.outputs.push_back({"y", c.writer.add(view, again, "sum")});
  const Layout layout = lay_out(c.graph);
  CHECK(layout.storage[view] == made);
  CHECK(c.peak() == 40);  // images, made, and two of the other branch (or one and the sum)
}

TEST_CASE("outputs live to the end") {
  Chain c;
  const ValueId early = c.step(c.x);
  c.graph.outputs.push_back({"early", early});
  c.graph.outputs.push_back({"late", c.step(c.step(c.step(c.x)))});
  CHECK(c.peak() == 40);
  for (const Buffer& buffer : plan_memory(c.graph, lay_out(c.graph), 1).buffers)
    if (buffer.value == early) CHECK(buffer.last == NodeId(3));
}

TEST_CASE("element-wise ops keep the order in memory of their input, others write densely") {
  Chain c;
  const ValueId map = c.graph.input = c.graph.add_value({{1, 10, 2, 3}, true, 1, c.channels});
  const ValueId turned = c.writer.permute(map, {0, 2, 3, 1}, "turn");
  const ValueId relu = c.step(turned);
  const ValueId soft = c.writer.softmax(relu, "soft");
  const Layout layout = lay_out(c.graph);
  const auto strides = [&](ValueId v) { return layout.strides[v]; };
  CHECK(strides(turned) == Shape{60, 3, 1, 6});
  CHECK(strides(relu) == Shape{60, 3, 1, 6});
  CHECK(strides(soft) == dense_strides({2, 2, 3, 10}));
}

TEST_CASE("no node can run in less than the peak, and no buffer counts twice") {
  RandomModels models(21);
  for (int run = 0; run < 150; ++run) {
    const Graph graph = architecture::build_graph(models.next());
    const Layout layout = lay_out(graph);
    for (const Index batch : {Index{1}, Index{3}}) {
      const MemoryPlan plan = plan_memory(graph, layout, batch);
      const auto elements = [&](ValueId v) {
        const Value& value = graph.value(v);
        return value.shape.elements() * (value.batched ? batch : 1);
      };
      for (const Node& node : graph.nodes) {
        std::set<ValueId> touched{graph.input};
        for (const ValueId x : node.inputs) touched.insert(layout.storage[x]);
        touched.insert(layout.storage[node.output]);
        Index needed = 0;
        for (const ValueId storage : touched) {
          const bool is_parameter = layout.is_view[storage];
          if (!is_parameter) needed += elements(storage);
        }
        REQUIRE(plan.peak_elements >= needed);
      }
      Index sum = 0;
      std::set<ValueId> owners;
      for (const Buffer& buffer : plan.buffers) {
        REQUIRE(owners.insert(buffer.value).second);
        REQUIRE(buffer.last >= buffer.first);
        sum += buffer.elements;
      }
      REQUIRE(plan.peak_elements <= sum);
    }
  }
}

}  // namespace
}  // namespace vitlab::graph
