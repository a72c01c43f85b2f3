#include "architecture/templates.h"

#include <algorithm>
#include <cmath>

#include "architecture/presets.h"
#include "graph/cost.h"
#include "test.hpp"

namespace vitlab::architecture {
namespace {

std::vector<graph::Index> places_of(const std::vector<bool>& attention) {
  std::vector<graph::Index> places;
  for (std::size_t i = 0; i < attention.size(); ++i)
    if (attention[i]) places.push_back(static_cast<graph::Index>(i));
  return places;
}

TEST_CASE("attention layers number round(share x layers) wherever they go") {
  for (graph::Index layers = 1; layers <= 40; ++layers) {
    for (int percent = 0; percent <= 100; percent += 5) {
      const double share = percent / 100.0;
      const auto count = std::llround(share * static_cast<double>(layers));
      for (const Placement placement : {Placement::kUniform, Placement::kEarly, Placement::kLate})
        REQUIRE(places_of(place_attention(layers, share, placement)).size() ==
                static_cast<std::size_t>(count));
    }
  }
}

TEST_CASE("uniform gaps differ by at most one, around the end too, and the first layer is first") {
  for (graph::Index layers = 1; layers <= 40; ++layers) {
    for (graph::Index count = 1; count <= layers; ++count) {
      const double share = static_cast<double>(count) / static_cast<double>(layers);
      const auto places = places_of(place_attention(layers, share, Placement::kUniform));
      REQUIRE(places.size() == static_cast<std::size_t>(count));
      REQUIRE(places.front() == 0);
      graph::Index low = layers, high = 0;
      for (std::size_t i = 0; i < places.size(); ++i) {
        const graph::Index next = i + 1 < places.size() ? places[i + 1] : layers;
        low = std::min(low, next - places[i]);
        high = std::max(high, next - places[i]);
      }
      REQUIRE(high - low <= 1);
    }
  }
}

TEST_CASE("early and late attention stand together at the ends") {
  CHECK(places_of(place_attention(8, 0.25, Placement::kEarly)) == std::vector<graph::Index>{0, 1});
  CHECK(places_of(place_attention(8, 0.25, Placement::kLate)) == std::vector<graph::Index>{6, 7});
  CHECK(places_of(place_attention(8, 0.5, Placement::kUniform)) ==
        std::vector<graph::Index>{0, 2, 4, 6});
  CHECK(place_attention(0, 0.5, Placement::kUniform).empty());
}

TEST_CASE("a vit keeps its number of layers for every share, the extremes included") {
  for (const double share : {0.0, 0.2, 0.5, 0.8, 1.0}) {
    const ModelSpec spec =
        expand_knobs(core::Json{{"template", "vit"}, {"depth", 10}, {"mhsa_share", share}}, "test");
    CHECK(spec.stages[0].layers.size() == 20);
    CHECK(mhsa_share(spec) == Approx(share));
    CHECK(graph::graph_cost(build_graph(spec)).macs > 0);
  }
}

TEST_CASE("a distilled vit ends with one norm for two heads of a class token each") {
  const ModelSpec spec = expand_knobs(core::Json{{"template", "vit"}, {"distilled", true}}, "test");
  CHECK(std::get<layers::PatchStem>(spec.stem).class_tokens == 2);
  CHECK(spec.stages[0].layers.back() == layers::Layer{layers::TokenNorm{}});
  REQUIRE(spec.heads.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& head = std::get<layers::TokenHead>(spec.heads[i]);
    CHECK(head.token == static_cast<graph::Index>(i));
    CHECK_FALSE(head.norm);
  }
  CHECK(mhsa_share(spec) == 0.5);
}

TEST_CASE("head_split makes the projection of q, k and v block-diagonal") {
  const core::Json plain{{"template", "vit"}, {"depth", 1}};
  core::Json split = plain;
  split["head_split"] = true;
  const graph::Cost whole = graph::graph_cost(build_graph(expand_knobs(plain, "test")));
  const graph::Cost blocks = graph::graph_cost(build_graph(expand_knobs(split, "test")));
  // 3 heads of 64: each reads 64 channels instead of 192.
  CHECK(whole.parameters - blocks.parameters == 3 * 192 * 192 - 3 * 3 * 64 * 64);
  CHECK(whole.macs - blocks.macs == 197 * (3 * 192 * 192 - 3 * 3 * 64 * 64));
}

TEST_CASE("experts stand in every second FFN layer, or in the last few of these") {
  const auto layers_with = [](const core::Json& knobs) {
    core::Json all{{"template", "vit"}, {"depth", 7}, {"experts", 4}};
    all.update(knobs);
    std::vector<graph::Index> found;
    graph::Index ffn = 0;
    const ModelSpec spec = expand_knobs(all, "test");
    for (const layers::Layer& layer : spec.stages[0].layers) {
      if (layers::layer_role(layer) != graph::LayerRole::kFfn) continue;
      if (std::holds_alternative<layers::ExpertFfn>(layer)) found.push_back(ffn);
      ++ffn;
    }
    return found;
  };
  CHECK(layers_with(core::Json::object()) == std::vector<graph::Index>{1, 3, 5});
  CHECK(layers_with({{"expert_layers", "every_second"}}) == std::vector<graph::Index>{1, 3, 5});
  CHECK(layers_with({{"expert_layers", 2}}) == std::vector<graph::Index>{3, 5});
  CHECK(layers_with({{"expert_layers", 0}}).empty());
  CHECK(layers_with({{"depth", 8}, {"expert_layers", 1}}) == std::vector<graph::Index>{7});
  CHECK(layers_with({{"experts", 0}}).empty());
  CHECK_THROWS_WITH(layers_with({{"top_k", 5}}),
                    Catch::Matchers::Contains("top_k must lie in 1..4, the number of experts"));
  CHECK_THROWS_WITH(layers_with({{"expert_layers", "last"}}),
                    Catch::Matchers::Contains("expert_layers"));
}

TEST_CASE("width_scale gives the nearest multiples of the heads, and 1 changes nothing") {
  const auto vit_width = [](double scale) {
    return expand_knobs(core::Json{{"template", "vit"}, {"width_scale", scale}}, "test")
        .stages[0]
        .width;
  };
  CHECK(vit_width(1) == 192);
  CHECK(vit_width(0.8) == 153);  // 153.6
  CHECK(vit_width(1e-3) == 3);
  const ModelSpec spec = expand_knobs(core::Json{{"template", "efficientvit"},
                                                 {"heads", {4, 3, 2}},
                                                 {"widths", {128, 192, 224}},
                                                 {"width_scale", 0.7}},
                                      "test");
  const std::vector<graph::Index> widths{88, 135, 156};  // 89.6, 134.4, 156.8
  for (std::size_t i = 0; i < 3; ++i) CHECK(spec.stages[i].width == widths[i]);
  CHECK_THROWS_WITH(expand_knobs(core::Json{{"template", "vit"}, {"width_scale", 0}}, "test"),
                    Catch::Matchers::Contains("width_scale must lie in (0, 64]"));
}

TEST_CASE("setting a knob to its default changes nothing") {
  for (const Template& row : templates()) {
    const core::Json bare{{"template", std::string(row.name)}};
    const ModelSpec expected = expand_knobs(bare, "test");
    for (const Knob& knob : row.knobs) {
      INFO(row.name << "." << knob.name);
      core::Json knobs = bare;
      knobs[std::string(knob.name)] = knob.default_beside(bare);
      CHECK(expand_knobs(knobs, "test") == expected);
    }
  }
}

TEST_CASE("knobs of efficientvit turn what they say") {
  const auto with = [](const core::Json& knobs) {
    core::Json all{{"template", "efficientvit"}};
    all.update(knobs);
    return expand_knobs(all, "test");
  };
  const auto count = [](const ModelSpec& spec, std::string_view kind) {
    graph::Index found = 0;
    for (const Stage& stage : spec.stages)
      for (const layers::Layer& layer : stage.layers) found += layers::layer_kind(layer) == kind;
    return found;
  };
  CHECK(count(with({{"ffn_per_side", 2}}), "ffn") == 28);
  CHECK(count(with({{"ffn_per_side", {2, 0}}}), "ffn") == 16);
  CHECK(count(with({{"ffn_per_side", {0, 2}}}), "ffn") == 16);
  CHECK(count(with({{"depthwise", false}}), "depthwise") == 0);
  CHECK(count(with({{"mixer", "none"}}), "cascaded_attention") == 0);
  for (const char* mixer : {"grouped", "full", "window"})
    CHECK(count(with({{"mixer", mixer}}), std::string(mixer) + "_attention") == 6);
  CHECK(std::get<layers::ConvolutionStem>(with({{"stem_stride", 4}}).stem).widths ==
        std::vector<graph::Index>{32, 64});
  CHECK(with({{"image_size", {64, 96}}}).image == ImageShape{3, 64, 96});
  CHECK(with({{"depths", {0, 0, 0}}}).stages[2].layers.size() == 2);
}

/// 'a' for attention, 's' for shifted attention, 'f' for an FFN, stage by stage.
std::string pattern(const ModelSpec& spec) {
  std::string text;
  for (const Stage& stage : spec.stages) {
    if (!text.empty()) text += ' ';
    for (const layers::Layer& layer : stage.layers) {
      const auto* attention = std::get_if<layers::ShiftedAttention>(&layer);
      text += attention == nullptr ? 'f' : attention->shift > 0 ? 's' : 'a';
    }
  }
  return text;
}

ModelSpec swin_with(const core::Json& knobs) {
  core::Json all{{"template", "swin"}};
  all.update(knobs);
  return expand_knobs(all, "test");
}

TEST_CASE("a swin keeps the layers of its stages for every share, and shifts every second one") {
  CHECK(pattern(swin_with(core::Json::object())) == "afsf afsf afsfafsfafsf afsf");
  CHECK(pattern(swin_with({{"mhsa_share", 0.25}})) == "afff afff afffsfffafff afff");
  CHECK(pattern(swin_with({{"mhsa_share", 0.75}, {"depths", {1, 3}}, {"heads", {3, 6}}})) ==
        "as afsasf");
  CHECK(pattern(swin_with({{"mhsa_share", 0.25}, {"placement", "late"}})) ==
        "ffff ffff ffffffffffas asas");
  for (const double share : {0.0, 0.2, 0.4, 0.6, 1.0})
    CHECK(mhsa_share(swin_with({{"mhsa_share", share}})) == Approx(std::round(share * 24) / 24));
}

TEST_CASE("knobs of swin turn what they say") {
  const auto widths = [](const ModelSpec& spec) {
    std::vector<graph::Index> found;
    for (const Stage& stage : spec.stages) found.push_back(stage.width);
    return found;
  };
  CHECK(widths(swin_with({{"width", 48}})) == std::vector<graph::Index>{48, 96, 192, 384});
  CHECK(widths(swin_with({{"width_scale", 1.3}})) ==
        std::vector<graph::Index>{126, 252, 504, 1008});
  CHECK(widths(swin_with({{"widths", {30, 48}}, {"depths", {1, 1}}})) ==
        std::vector<graph::Index>{30, 48});
  CHECK(pattern(swin_with({{"depth_scale", 0.5}})) == "af af afsfaf af");
  const ModelSpec split = swin_with({{"head_split", true}, {"window", {7, 7, 5, 5}}});
  const auto& attention = std::get<layers::ShiftedAttention>(split.stages[2].layers[2]);
  CHECK(attention.split);
  CHECK(attention.window == 5);
  CHECK(attention.shift == 2);
  CHECK(graph::graph_cost(build_graph(split)).parameters <
        graph::graph_cost(build_graph(swin_with(core::Json::object()))).parameters);
  CHECK(
      std::get<layers::PatchMerging>(*swin_with({{"version", 2}}).stages[1].downsample).post_norm);
  CHECK_THROWS_WITH(swin_with({{"width", 50}}), Catch::Contains("does not divide 50"));
  CHECK_THROWS_WITH(swin_with({{"width", 96}, {"widths", {96, 192, 384, 768}}}),
                    Catch::Contains("beside width"));
  CHECK_THROWS_WITH(swin_with({{"widths", {96, 192}}}), Catch::Contains("one width per stage"));
  CHECK_THROWS_WITH(swin_with({{"version", 3}}), Catch::Contains("version"));
}

TEST_CASE("a MobileViT twice as wide is XXS with doubled widths, and its share counts blocks") {
  const ModelSpec wide =
      expand_knobs(core::Json{{"template", "mobilevit"}, {"width_scale", 2}}, "test");
  const ModelSpec spelt = expand_knobs(core::Json{{"template", "mobilevit"},
                                                  {"stem_width", 32},
                                                  {"widths", {32, 48, 96, 128, 160}},
                                                  {"attention_widths", {128, 160, 192}},
                                                  {"features", 640}},
                                       "test");
  CHECK(wide == spelt);
  CHECK(mhsa_share(wide) == 0.5);
}

TEST_CASE("channels of MobileNets are rounded as the papers' code does") {
  CHECK(divisible_by_8(88.08) == 88);
  CHECK(divisible_by_8(18) == 24);  // 16 would be less than 0.9 of it
  CHECK(divisible_by_8(20) == 24);
  CHECK(divisible_by_8(36) == 40);
  CHECK(divisible_by_8(1) == 8);
}

TEST_CASE("scaled MobileNets have the parameters of timm's") {
  const auto parameters = [](const char* variant, double scale) {
    const core::Json knobs{{"template", "mobilenet"}, {"variant", variant}, {"width_scale", scale}};
    return graph::graph_cost(build_graph(expand_knobs(knobs, "test"))).parameters;
  };
  // Counted from timm 1.0.31: mobilenetv2_050, _140, mobilenetv3_small_050, _075,
  // mobilenetv3_large_075.
  CHECK(parameters("v2", 0.5) == 1'968'680);
  CHECK(parameters("v2", 1.4) == 6'108'776);
  CHECK(parameters("v3_small", 0.5) == 1'593'224);
  CHECK(parameters("v3_small", 0.75) == 2'041'872);
  CHECK(parameters("v3_large", 0.75) == 3'993'528);
}

}  // namespace
}  // namespace vitlab::architecture
