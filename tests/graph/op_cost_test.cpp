#include "graph/op_cost.h"

#include <set>
#include <string>

#include "graph/categories.h"
#include "graph/layer_writer.h"
#include "graph/memory_plan.h"
#include "test.hpp"

namespace vitlab::graph {
namespace {

constexpr Index kBatch = 3;

/// A graph of one map (N, 4, 6, 5) made of two axes of 2, and its writer.
struct Bench {
  Graph graph;
  Extent channels;
  ValueId x;
  LayerWriter writer;

  explicit Bench(const Shape& shape = {1, 4, 6, 5}, std::int8_t channel_dim = 1)
      : writer(graph, LayerId(0)) {
    graph.layers.push_back({"layer", "test", LayerRole::kStem, 0});
    channels = Extent(2, writer.axis(AxisKind::kEmbedding, "width", 2, 0));
    x = graph.input = graph.add_value({shape, true, channel_dim, channels});
  }
  AxisId axis(Index size) { return writer.axis(AxisKind::kHidden, "hidden", size); }

  /// A node that no layer writes yet.
  ValueId add(Op op, const IdList<ValueId>& inputs, const Value& result) {
    const ValueId output = graph.add_value(result);
    graph.nodes.push_back({op, inputs, {}, output, LayerId(0), "node"});
    return output;
  }
};

struct Expected {
  Index macs, flops, read, written;
  bool is_view = false;
};

std::set<std::size_t>& ops_seen() {
  static std::set<std::size_t> seen;
  return seen;
}

void check_last(Bench& bench, const Expected& expected) {
  const Node& node = bench.graph.nodes.back();
  ops_seen().insert(node.op.index());
  INFO(op_name(node.op));
  const Layout layout = lay_out(bench.graph);
  const bool is_view = layout.is_view[node.output];
  CHECK(is_view == expected.is_view);
  const OpCost cost = op_cost(bench.graph, node, is_view, kBatch);
  CHECK(cost.macs == expected.macs);
  CHECK(cost.flops == expected.flops);
  CHECK(cost.elements_read == expected.read);
  CHECK(cost.elements_written == expected.written);
}

constexpr Index kMap = kBatch * 4 * 6 * 5;  // elements of the input, 360

void convolutions_and_products() {
  {
    Bench b;  // 3x3, stride 2, 4 -> 7 channels, 6x5 -> 3x3, bias
    b.writer.convolution(b.x, {b.axis(7)}, "c", 3, 2, 1, false, true);
    const Index out = kBatch * 7 * 3 * 3;
    check_last(b, {out * 36, 2 * out * 36 + out, kMap + 7 * 36 + 7, out});
  }
  {
    Bench b;  // depthwise 5x5
    b.writer.convolution(b.x, b.channels, "c", 5, 1, 2, true, false);
    check_last(b, {kMap * 25, 2 * kMap * 25, kMap + 4 * 25, kMap});
  }
  {
    Bench b({1, 6, 4}, 2);  // tokens: 4 -> 7
    b.writer.linear(b.x, {b.axis(7)}, "l");
    const Index out = kBatch * 6 * 7;
    check_last(b, {out * 4, 2 * out * 4 + out, kBatch * 24 + 28 + 7, out});
  }
  {
    Bench b({1, 4, 6});
    b.writer.matrix_multiply(b.x, b.x, true, false, "m");  // (6x4)(4x6)
    const Index out = kBatch * 36;
    check_last(b, {out * 4, 2 * out * 4, 2 * kBatch * 24, out});
  }
  {
    Bench b({1, 4, 6});
    b.writer.matrix_multiply(b.x, b.x, false, true, "m");  // (4x6)(6x4)
    const Index out = kBatch * 16;
    check_last(b, {out * 6, 2 * out * 6, 2 * kBatch * 24, out});
  }
}

void norms_and_activations() {
  {
    Bench b;
    b.writer.batch_norm(b.x, "n");
    check_last(b, {0, 2 * kMap, kMap + 16, kMap});
  }
  {
    Bench b;
    b.writer.layer_norm(b.x, "n", 1e-6);
    check_last(b, {0, 8 * kMap, kMap + 8, kMap});
  }
  {
    Bench b;
    b.writer.softmax(b.x, "s");
    check_last(b, {0, 5 * kMap, kMap, kMap});
  }
  {
    Bench b;
    b.writer.l2_normalize(b.x, "n");
    check_last(b, {0, 3 * kMap, kMap, kMap});
    b.writer.limited_exp(b.x, 4.6, "e");
    check_last(b, {0, 4 * kMap, kMap, kMap});
  }
  const std::pair<Activation, Index> flops[] = {
      {Activation::kRelu, 1}, {Activation::kHardswish, 5}, {Activation::kGelu, 8},
      {Activation::kSilu, 5}, {Activation::kSigmoid, 4},   {Activation::kHardsigmoid, 4}};
  for (const auto& [activation, each] : flops) {
    Bench b;
    b.writer.activate(b.x, activation, "a");
    check_last(b, {0, each * kMap, kMap, kMap});
  }
}

void element_wise() {
  {
    Bench b;
    b.writer.add(b.x, b.x, "a");
    check_last(b, {0, kMap, 2 * kMap, kMap});
  }
  {
    Bench b({1, 6, 4}, 2);
    const ValueId p = b.writer.parameter_value({1, 6, 4}, {{}, {}, b.channels}, 2, "p", {}, false);
    check_last(b, {0, 0, 0, 0, true});  // UseParameter hands out the parameter's memory
    b.writer.add_broadcast(b.x, p, "a");
    check_last(b, {0, kBatch * 24, kBatch * 24 + 24, kBatch * 24});
  }
  {
    Bench b;  // 2 of 4 channels get something added
    const ValueId half = b.writer.split(b.x, 0, 1, "half");
    b.writer.add_leading(b.x, half, "a");
    check_last(b, {0, kMap / 2, kMap + kMap / 2, kMap});
  }
  {
    Bench b;
    const ValueId pooled = b.writer.mean(b.x, true, "p");
    check_last(b, {0, kMap, kMap, kBatch * 4});
    b.writer.multiply(b.x, pooled, "m");
    check_last(b, {0, kMap, kMap + kBatch * 4, kMap});
  }
  {
    Bench b;
    b.writer.scale(b.x, 0.5, "s");
    check_last(b, {0, kMap, kMap, kMap});
  }
}

void movement() {
  {
    Bench b;
    b.writer.reshape(b.x, {1, 4, 30}, 1, b.channels, "r");
    check_last(b, {0, 0, 0, 0, true});
    const ValueId turned = b.writer.permute(b.x, {0, 2, 3, 1}, "p");
    check_last(b, {0, 0, 0, 0, true});
    b.writer.reshape(turned, {1, 120}, kUnset, {}, "r");  // no strides say that
    check_last(b, {0, 0, kMap, kMap});
  }
  {
    Bench b;
    const ValueId half = b.writer.split(b.x, 1, 1, "s");
    check_last(b, {0, 0, 0, 0, true});
    b.writer.concat({b.x, half}, 1, "c");
    check_last(b, {0, 0, kMap + kMap / 2, kMap + kMap / 2});
  }
  {
    Bench b;
    b.writer.pad(b.x, 2, 1, 2, "p");  // 6x5 -> 7x7
    check_last(b, {0, 0, kMap, kBatch * 4 * 49});
    b.writer.roll(b.x, 2, 1, 1, "r");
    check_last(b, {0, 0, kMap, kMap});
  }
  {
    Bench b;
    b.writer.position_bias(b.axis(2), 3, 4, BiasRule::kAbsoluteOffset, "bias");
    check_last(b, {0, 0, 2 * 12 * 12, 2 * 12 * 12});  // once, whatever the batch
  }
  {
    Bench b;
    b.writer.shift_mask({.height = 3, .width = 2, .rows = 2, .columns = 2, .shift_rows = 1}, "m");
    check_last(b, {0, 0, 0, 0, true});  // at hand
    const ValueId offsets = b.writer.offset_table(2, 3, "o");
    check_last(b, {0, 0, 0, 0, true});
    const ValueId table = b.writer.linear(offsets, {b.axis(2)}, "l", false);
    check_last(b, {15 * 2 * 2, 2 * 15 * 2 * 2, 15 * 2 + 4, 15 * 2});  // once, whatever the batch
    b.writer.gather_table(table, 2, 3, "g");
    check_last(b, {0, 0, 2 * 6 * 6, 2 * 6 * 6});
  }
  {
    Bench b({1, 6, 4}, 2);
    const ValueId token =
        b.writer.parameter_value({1, 1, 4}, {{}, {}, b.channels}, 2, "t", {}, false);
    b.writer.broadcast(token, "b");
    check_last(b, {0, 0, 0, 0, true});
    b.add(DropPath{0.1}, {b.x}, b.graph.value(b.x));
    check_last(b, {0, 0, 0, 0, true});
  }
}

void experts() {
  Bench b({1, 6, 4}, 2);  // 6 tokens of 4 channels, 3 experts of 2 places
  const AxisId count = b.writer.axis(AxisKind::kExpert, "experts", 3);
  const ValueId gates = b.writer.linear(b.x, {count}, "router", false);
  const ValueId routes = b.writer.route(gates, 1, 2, "route");
  const Index tokens = kBatch * 6 * 4, gated = kBatch * 6 * 3, places = kBatch * 3 * 2;
  check_last(b, {0, 0, gated, places});
  const ValueId slots = b.writer.dispatch(b.x, routes, "dispatch");
  check_last(b, {0, 0, tokens + places, places * 4});
  const ValueId wide = b.writer.expert_linear(slots, count, {b.axis(5)}, 1, "expand");
  check_last(b, {places * 4 * 5, 2 * places * 4 * 5 + places * 5, places * 4 + 3 * 5 * 4 + 3 * 5,
                 places * 5});
  b.writer.combine(wide, gates, routes, "combine");
  check_last(b, {0, 2 * places * 5, places * 5 + gated + places, kBatch * 6 * 5});
}

TEST_CASE("every op costs what a count by hand says") {
  ops_seen().clear();
  convolutions_and_products();
  norms_and_activations();
  element_wise();
  movement();
  experts();
  CHECK(ops_seen().size() == std::variant_size_v<Op>);  // a new op needs its count above
}

TEST_CASE("every op stands once in the table of categories, with a reason") {
  std::set<std::string_view> names;
  for (const CategorizedOp& op : categorized_ops()) {
    CHECK(names.insert(op.name).second);
    CHECK(op.why.size() > 10);
  }
  CHECK(names.size() == std::variant_size_v<Op>);
  CHECK(names.contains("activation"));
  CHECK(op_name(Activate{Activation::kGelu}) == "gelu");
}

TEST_CASE("every op has its own name, and multiplications are what macs count") {
  Bench b;
  std::set<std::string> names;
  const Op ops[] = {Convolution{},   Linear{},      MatrixMultiply{}, BatchNorm{},
                    LayerNorm{},     Softmax{},     Activate{},       Add{},
                    AddBroadcast{},  AddLeading{},  Multiply{},       Scale{},
                    Reshape{},       Permute{},     Concat{},         Slice{},
                    Pad{},           Roll{},        GatherBias{},     GatherTable{},
                    ShiftMask{},     OffsetTable{}, L2Normalize{},    LimitedExp{},
                    Mean{},          Route{},       DispatchTokens{}, ExpertLinear{},
                    CombineTokens{}, Broadcast{},   UseParameter{},   DropPath{}};
  for (const Op& op : ops) {
    CHECK(names.insert(std::string(op_name(op))).second);
    CHECK_FALSE(category_name(op_category(op)).empty());
    const bool multiplies = op.index() <= 2 || std::holds_alternative<ExpertLinear>(op);
    CHECK((op_category(op) == Category::kMultiplication) == multiplies);
  }
  CHECK(names.size() == std::variant_size_v<Op>);
}

}  // namespace
}  // namespace vitlab::graph
