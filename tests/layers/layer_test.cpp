#include "layers/layer.h"

#include <map>
#include <string>
#include <vector>

#include "graph/cost.h"
#include "graph/memory_plan.h"
#include "random_models.h"
#include "test.hpp"

namespace vitlab::layers {
namespace {

/// A layer written behind a map (N, 12, height, width) or tokens (N, 9, 12), of a stage of 12.
struct Written {
  graph::Graph graph;
  graph::ValueId output;

  Written(const Layer& layer, const graph::Shape& shape, graph::Index splits = 1) {
    const auto channel_dim = static_cast<std::int8_t>(shape.rank() == 4 ? 1 : 2);
    const graph::AxisId split = graph.add_axis(
        {.field = "width", .index = 0, .kind = graph::AxisKind::kEmbedding, .size = 12 / splits});
    const graph::Extent embedding(static_cast<std::size_t>(splits), split);
    graph.input = graph.add_value({shape, true, channel_dim, embedding});
    graph.layers.push_back({"layer", layer_kind(layer), layer_role(layer), 0});
    graph::LayerWriter writer(graph, graph::LayerId(0));
    REQUIRE(layer_problems(layer, graph.value(graph.input), 12).empty());
    output = write_layer(layer, writer, graph.input, embedding);
    graph.outputs.push_back({"y", output});
  }
  const graph::Shape& shape() const { return graph.value(output).shape; }
  graph::Cost cost() const { return graph::graph_cost(graph); }
};

const graph::Shape kMap{1, 12, 6, 5};

TEST_CASE("an FFN of 1x1 convolutions costs 2 x width x hidden multiplications a pixel") {
  const Written ffn(FfnLayer{24}, kMap);
  CHECK(ffn.shape() == kMap);
  CHECK(ffn.cost().macs == 2 * 12 * 24 * 30);
  CHECK(ffn.cost().parameters == 2 * 12 * 24 + 2 * 24 + 2 * 12);
}

TEST_CASE("a depthwise interaction costs kernel^2 x width multiplications a pixel") {
  const Written depthwise(DepthwiseLayer{5}, kMap);
  CHECK(depthwise.shape() == kMap);
  CHECK(depthwise.cost().macs == 25 * 12 * 30);
  CHECK(depthwise.cost().parameters == 25 * 12 + 2 * 12);
}

TEST_CASE("full attention costs its projections and two products of all tokens") {
  const Written attention(FullAttention{2, {{3, 3}}, {{6, 6}}, 0.5}, kMap);
  const graph::Index tokens = 30, qkv = 3 + 3 + 3 + 3 + 12;
  CHECK(attention.shape() == kMap);
  CHECK(attention.cost().macs ==
        12 * qkv * tokens + tokens * tokens * 6 + tokens * tokens * 12 + 12 * 12 * tokens);
  CHECK(attention.cost().parameters == 12 * qkv + 2 * qkv + 2 * tokens + 12 * 12 + 2 * 12);
}

TEST_CASE("window attention is padded to whole windows and works on those") {
  const Written attention(WindowAttention{1, 4, {{3}}, {{6}}, 0.5}, kMap);
  const graph::Index tokens = 16, windows = 2 * 2;  // 6 x 5 in windows of 4: 8 x 8
  CHECK(attention.shape() == kMap);
  CHECK(attention.cost().macs ==
        windows * (12 * 12 * tokens + tokens * tokens * 3 + tokens * tokens * 6 + 6 * 12 * tokens));
  REQUIRE(attention.graph.attention.size() == 1);
  CHECK(attention.graph.attention[0].windows == windows);
  CHECK(attention.graph.attention[0].places.rows == 4);
}

TEST_CASE("cascaded attention reads a split a head and costs its kernels on q") {
  const Layer layer = CascadedAttention{7, {{2, 2, 2}}, {{4, 4, 4}}, {5, 3, 1}, 0.5};
  const Written attention(layer, kMap, 3);
  const graph::Index tokens = 30;
  const graph::Index heads =
      3 * (4 * (2 + 2 + 4) * tokens + tokens * tokens * 2 + tokens * tokens * 4) +
      2 * (25 + 9 + 1) * tokens;
  CHECK(attention.shape() == kMap);
  CHECK(attention.cost().macs == heads + 12 * 12 * tokens);
  CHECK(attention.graph.attention[0].maps.size() == 3);
}

TEST_CASE("subsampling takes the shape to the next stage's, rounded up") {
  const Written down(SubsampleLayer{20, 4}, kMap);
  CHECK(down.shape() == graph::Shape{1, 12, 3, 3});
  CHECK(down.cost().macs == 12 * 20 * 30 + 9 * 20 * 9 + 2 * 20 * 4 + 20 * 12 * 9);
  const Written same(SubsampleLayer{20, 0, 5, 1}, kMap);
  CHECK(same.shape() == kMap);
}

TEST_CASE("an inverted residual costs two 1x1 convolutions and a depthwise between") {
  const Written block(InvertedResidual{.hidden = 20, .kernel = 5, .squeeze = 4}, kMap);
  CHECK(block.shape() == kMap);
  CHECK(block.cost().macs == 30 * (12 * 20 + 25 * 20 + 20 * 12) + 2 * 20 * 4);
  CHECK(block.cost().parameters ==
        12 * 20 + 40 + 25 * 20 + 40 + (20 * 4 + 4 + 4 * 20 + 20) + 20 * 12 + 24);
  const Written down(InvertedResidualDownsample{.hidden = 20}, kMap);
  CHECK(down.shape() == graph::Shape{1, 12, 3, 3});
  CHECK(down.cost().macs == 30 * 12 * 20 + 9 * (9 * 20 + 20 * 12));
}

TEST_CASE("a depthwise separable block keeps the width that it reads until its 1x1 convolution") {
  const Written block(DepthwiseSeparable{}, kMap);
  CHECK(block.shape() == kMap);
  CHECK(block.cost().macs == 30 * (9 * 12 + 12 * 12));
  const Written down(DepthwiseSeparableDownsample{.stride = 1}, kMap);
  CHECK(down.shape() == kMap);
  CHECK(down.cost().macs == block.cost().macs);
  CHECK(down.cost().elements_moved < block.cost().elements_moved);  // no residual
}

TEST_CASE("token attention and FFN keep tokens and cost what ViT's do") {
  const graph::Shape tokens{1, 9, 12};
  const Written attention(TokenAttention{3, {{4, 4, 4}}, {{4, 4, 4}}, 0.5}, tokens);
  CHECK(attention.shape() == tokens);
  CHECK(attention.cost().macs == 9 * 12 * 36 + 2 * 9 * 9 * 12 + 9 * 12 * 12);
  CHECK(attention.cost().parameters == 24 + 12 * 36 + 36 + 12 * 12 + 12);
  const Written ffn(TokenFfn{48}, tokens);
  CHECK(ffn.shape() == tokens);
  CHECK(ffn.cost().macs == 2 * 9 * 12 * 48);
  CHECK(ffn.cost().parameters == 24 + 12 * 48 + 48 + 48 * 12 + 12);
}

TEST_CASE("an expert FFN costs its router and every place of every expert") {
  const graph::Shape tokens{1, 9, 12};
  const Written ffn(ExpertFfn{4, 20, 2, 1.0}, tokens);  // 18 requests: 4.5, rounded to 5 places
  CHECK(ffn.shape() == tokens);
  CHECK(ffn.cost().macs == 9 * 12 * 4 + 4 * 5 * 2 * 12 * 20);
  const graph::Index expert = 2 * 12 * 20 + 20 + 12;
  CHECK(ffn.cost().parameters == 24 + 12 * 4 + 4 * expert);
  CHECK(ffn.cost().active_parameters == 24 + 12 * 4 + 2 * expert);
  CHECK(expert_capacity(9, ExpertFfn{.experts = 8, .top_k = 1, .capacity = 0.1}) == 1);
  const Written dense(TokenFfn{20}, tokens);
  CHECK(dense.cost().active_parameters == dense.cost().parameters);
}

/// A mobilevit of two blocks on a 6 x 4 map of 12 channels: 2 places of 12 or 4 of 6 tokens.
MobileVitLayer small_mobilevit() {
  return {.width = 8,
          .heads = 2,
          .qk = {{4, 4, 4, 4}},
          .v = {{4, 4, 4, 4}},
          .scale = 0.5,
          .hidden = {16, 20}};
}

TEST_CASE("a mobilevit attends between the pixels at one place of all patches") {
  const Written block(small_mobilevit(), {1, 12, 6, 4});
  const graph::Index convolutions = 24 * (9 * 12 * 12 + 12 * 8 + 8 * 12 + 9 * 24 * 12);
  const graph::Index transformers = 2 * 24 * (8 * 24 + 8 * 8) + 2 * 24 * 8 * (16 + 20);
  const graph::Index products = 2 * 2 * 4 * 6 * 6 * 8;
  CHECK(block.shape() == graph::Shape{1, 12, 6, 4});
  CHECK(block.cost().macs == convolutions + transformers + products);
  REQUIRE(block.graph.attention.size() == 2);
  const graph::AttentionTap& tap = block.graph.attention[1];
  CHECK(block.graph.attention_name(tap) == "layer.blocks.1");
  CHECK((tap.windows == 4 && tap.places.rows == 3 && tap.places.columns == 2 && tap.heads == 2));
}

TEST_CASE("a setting of a mobilevit out of range is a problem that names its field") {
  const graph::Value map{{1, 12, 6, 4}, true, 1, {graph::AxisId(0)}};
  const auto fields = [&](auto&& change) {
    MobileVitLayer layer = small_mobilevit();
    change(layer);
    std::string found;
    for (const LayerProblem& problem : layer_problems(layer, map, 12))
      found += (found.empty() ? "" : " ") + problem.field;
    return found;
  };
  CHECK(fields([](MobileVitLayer&) {}).empty());
  CHECK(fields([](MobileVitLayer& l) { l.patch = 4; }) == "patch");
  CHECK(fields([](MobileVitLayer& l) { l.patch = 0; }) == "patch");
  CHECK(fields([](MobileVitLayer& l) { l.hidden.clear(); }) == "hidden");
  CHECK(fields([](MobileVitLayer& l) { l.hidden[1] = 0; }) == "hidden");
  CHECK(fields([](MobileVitLayer& l) { l.heads = 3; }) == "qk v");
  CHECK(fields([](MobileVitLayer& l) { l.width = 0; }) == "width");
  CHECK(fields([](MobileVitLayer& l) { l.kernel = 2; }) == "kernel");
}

TEST_CASE("stems and heads take images to features and features to logits") {
  CHECK(Written(ConvolutionStem{{5, 12}}, kMap).shape() == graph::Shape{1, 12, 2, 2});
  CHECK(Written(PatchStem{3, 1, true}, {1, 12, 6, 9}).shape() == graph::Shape{1, 1 + 2 * 3, 12});
  CHECK(Written(PatchStem{3, 0, false}, {1, 12, 6, 9}).shape() == graph::Shape{1, 2 * 3, 12});
  CHECK(Written(SingleConvolutionStem{}, kMap).shape() == graph::Shape{1, 12, 3, 3});
  CHECK(Written(ConvolutionHead{.features = 20, .classes = 7}, kMap).shape() == graph::Shape{1, 7});
  const Written deep(ConvolutionHead{.features = 20, .hidden = 9, .classes = 7}, kMap);
  CHECK(deep.shape() == graph::Shape{1, 7});
  CHECK(deep.cost().macs == 30 * 12 * 20 + 20 * 9 + 9 * 7);
  CHECK(Written(NormLinearHead{7}, kMap).shape() == graph::Shape{1, 7});
  CHECK(Written(TokenHead{7, 0, false}, {1, 9, 12}).shape() == graph::Shape{1, 7});
  CHECK(Written(TokenHead{7, 0, true}, {1, 9, 12}).shape() == graph::Shape{1, 7});
}

TEST_CASE("heads of equal size computed together or one by one cost the same multiplications") {
  for (const graph::Index window : {0, 4}) {
    const auto attention = [&](const PerHead& v) {
      return window == 0 ? Layer{FullAttention{2, {{3, 3}}, v, 0.5}}
                         : Layer{WindowAttention{2, window, {{3, 3}}, v, 0.5}};
    };
    const Written together(attention({{5, 5}}), kMap), apart(attention({{4, 6}}), kMap);
    CHECK(together.cost().macs == apart.cost().macs);
    CHECK(together.cost().parameters == apart.cost().parameters);
    CHECK(together.graph.attention[0].maps.size() == 1);
    CHECK(apart.graph.attention[0].maps.size() == 2);
  }
}

TEST_CASE("V unlike the split is added by position and holds the axes that it touches") {
  const Written unlike(CascadedAttention{7, {{2, 2}}, {{4, 6}}, {3, 3}, 0.5}, kMap, 2);
  int leading = 0, held = 0;
  for (const graph::Node& node : unlike.graph.nodes)
    leading += std::holds_alternative<graph::AddLeading>(node.op);
  for (const graph::Axis& axis : unlike.graph.axes)
    held +=
        axis.held && (axis.kind == graph::AxisKind::kV || axis.kind == graph::AxisKind::kEmbedding);
  CHECK(leading == 1);
  CHECK(held == 2);
  // The last head feeds nobody: its V is free whatever its size.
  const Written last(CascadedAttention{7, {{2, 2}}, {{6, 4}}, {3, 3}, 0.5}, kMap, 2);
  for (const graph::Axis& axis : last.graph.axes)
    CHECK_FALSE((axis.held && axis.kind != graph::AxisKind::kHead));
}

TEST_CASE("a setting out of range is a problem that names its field") {
  const graph::Value map{kMap, true, 1, {graph::AxisId(0)}},
      tokens{{1, 9, 12}, true, 2, {graph::AxisId(0)}};
  const auto fields = [](const Layer& layer, const graph::Value& input) {
    std::string found;
    for (const LayerProblem& problem : layer_problems(layer, input, 12))
      found += (found.empty() ? "" : " ") + (problem.field.empty() ? "layer" : problem.field);
    return found;
  };
  CHECK(fields(DepthwiseLayer{4}, map) == "kernel");
  CHECK(fields(DepthwiseLayer{3}, tokens) == "layer");
  CHECK(fields(FfnLayer{0}, map) == "hidden");
  CHECK(fields(FfnLayer{-3}, tokens) == "layer hidden");
  CHECK(fields(FullAttention{2, {{3, 3}}, {{0, 6}}, 0.5}, map) == "v");
  CHECK(fields(FullAttention{2, {{3}}, {{6, 6}}, 0}, map) == "qk scale");
  CHECK(fields(WindowAttention{1, 0, {{3}}, {{6}}, 0.5}, map) == "window");
  CHECK(fields(GroupedAttention{7, {{2}}, {{2}}, {}, 0.5}, map) == "kernels");
  CHECK(fields(CascadedAttention{7,
                                 {std::vector<graph::Index>(5, 2)},
                                 {std::vector<graph::Index>(5, 2)},
                                 std::vector<graph::Index>(5, 3),
                                 0.5},
               map) == "kernels");
  CHECK(fields(CascadedAttention{7, {{2, 2}}, {{6, 6}}, {3, 2}, 0.5}, map) == "kernels");
  CHECK(fields(SubsampleLayer{0, -1, 2, 0}, map) == "hidden squeeze kernel stride");
  CHECK(fields(SubsampleLayer{4}, {{1, 12, 1, 8}, true, 1, {graph::AxisId(0)}}) == "layer");
  CHECK(fields(InvertedResidual{.kernel = 2, .squeeze = -1}, map) == "hidden kernel squeeze");
  CHECK(fields(InvertedResidualDownsample{.hidden = 3, .stride = 0}, tokens) == "layer stride");
  CHECK(fields(DepthwiseSeparable{.squeeze_gate = graph::Activation::kRelu}, map) ==
        "squeeze_gate");
  CHECK(fields(SingleConvolutionStem{.kernel = 4, .stride = 0}, map) == "kernel stride");
  CHECK(fields(ConvolutionHead{.hidden = -1, .classes = 0}, map) == "features hidden classes");
  CHECK(fields(ConvolutionStem{{5, 11}}, map) == "widths");
  CHECK(fields(ConvolutionStem{{5, 5, 12}}, map) == "widths");
  CHECK(fields(PatchStem{4}, map) == "size");
  CHECK(fields(TokenAttention{0, {}, {}, 0.5}, tokens) == "heads");
  CHECK(fields(TokenFfn{4}, map) == "layer");
  CHECK(fields(TokenNorm{}, map) == "layer");
  CHECK(fields(ExpertFfn{3, 4, 4, 1}, tokens) == "top_k");
  CHECK(fields(ExpertFfn{0, 0, 0, 0}, map) == "layer hidden experts capacity");
  CHECK(fields(TokenAttention{5,
                              {std::vector<graph::Index>(5, 2)},
                              {std::vector<graph::Index>(5, 2)},
                              0.5,
                              true,
                              true},
               tokens) == "heads");
  CHECK(fields(TokenHead{0, 9, false}, tokens) == "classes token");
  CHECK(fields(NormLinearHead{0}, tokens) == "layer classes");
}

TEST_CASE("layers that differ in any setting differ in canonical form and hash apart") {
  RandomModels models(61);
  std::map<std::string, std::size_t> hashes;
  std::size_t collisions = 0;
  std::map<std::size_t, std::string> by_hash;
  for (int run = 0; run < 400; ++run) {
    for (const architecture::Stage& stage : models.next().stages) {
      for (const Layer& layer : stage.layers) {
        const std::string text = core::canonical_json(layer_json(layer));
        const std::size_t hash = layer_hash(layer);
        const auto [known, is_new] = hashes.emplace(text, hash);
        REQUIRE(known->second == hash);
        const auto [other, is_free] = by_hash.emplace(hash, text);
        collisions += !is_free && other->second != text;
      }
    }
  }
  CHECK(hashes.size() > 300);
  CHECK(collisions == 0);
}

TEST_CASE("removing heads keeps every per-head setting in step") {
  Layer full = FullAttention{3, {{1, 2, 3}}, {{4, 5, 6}}, 0.5};
  keep_heads(full, {0, 2});
  CHECK(full == Layer{FullAttention{2, {{1, 3}}, {{4, 6}}, 0.5}});
  Layer cascade = CascadedAttention{7, {{1, 2, 3}}, {{4, 4, 4}}, {3, 5, 7}, 0.5};
  keep_heads(cascade, {1, 2});
  CHECK(cascade == Layer{CascadedAttention{7, {{2, 3}}, {{4, 4}}, {5, 7}, 0.5}});
  Layer ffn = FfnLayer{4};
  CHECK_THROWS_AS(keep_heads(ffn, {0}), std::logic_error);
  CHECK_THROWS_AS(resize_layer(ffn, "qk", 0, 3), std::logic_error);
}

}  // namespace
}  // namespace vitlab::layers
