#include <string>

#include "architecture/cost_counter.h"
#include "architecture/presets.h"
#include "graph/cost.h"
#include "test.hpp"

namespace vitlab::architecture {
namespace {

struct Row {
  const char* name;
  graph::Index parameters;
  graph::Index macs;             // of convolutions, linear layers and explicit products
  graph::Index hidden_macs = 0;  // of the two products inside timm's fused attention
};

// Counted from timm 1.0.31 with fvcore; 2 x depth x tokens^2 x width are the hidden products.
const Row kRows[] = {
    {"efficientvit_m0", 2'349'436, 79'193'600},
    {"efficientvit_m1", 2'980'560, 167'051'840},
    {"efficientvit_m2", 4'187'554, 201'035'712},
    {"efficientvit_m3", 6'900'722, 262'662'208},
    {"efficientvit_m4", 8'804'228, 299'308'544},
    {"efficientvit_m5", 12'473'772, 521'583'104},
    {"deit_tiny", 5'717'416, 1'074'851'328, graph::Index{2} * 12 * 197 * 197 * 192},
    {"deit_small", 22'050'664, 4'241'218'560, graph::Index{2} * 12 * 197 * 197 * 384},
    {"deit_tiny_distilled", 5'910'800, 1'080'351'744, graph::Index{2} * 12 * 198 * 198 * 192},
    {"deit_small_distilled", 22'436'432, 4'262'836'224, graph::Index{2} * 12 * 198 * 198 * 384},
    {"swin_tiny", 28'288'354, 4'490'566'656},
    {"swinv2_tiny", 28'347'154, 5'939'690'496},
    {"mobilenetv2_100", 3'504'872, 300'774'272},
    {"mobilenetv3_large_100", 5'483'032, 216'589'760},
    {"mobilenetv3_small_100", 2'542'856, 56'510'400},
    {"efficientnet_b0", 5'288'548, 385'814'752},
    {"mobilevit_xxs", 1'272'024, 329'179'648,
     graph::Index{2} * 4 * (2 * 256 * 256 * 64 + 4 * 64 * 64 * 80 + 3 * 16 * 16 * 96)},
    {"mobilevit_xs", 2'317'848, 908'635'136,
     graph::Index{2} * 4 * (2 * 256 * 256 * 96 + 4 * 64 * 64 * 120 + 3 * 16 * 16 * 144)},
};

TEST_CASE("parameters and multiplications are those of the published models") {
  for (const Row& row : kRows) {
    INFO(row.name);
    const graph::Cost cost = graph::graph_cost(build_graph(resolve_model(row.name).spec));
    CHECK(cost.parameters == row.parameters);
    CHECK(cost.macs == row.macs + row.hidden_macs);
  }
}

TEST_CASE("SwinV2-G has the 3.0 billion parameters that its paper names") {
  const ModelSpec spec = resolve_model("swinv2_g").spec;
  CHECK(graph::graph_cost(build_graph(spec)).parameters == Approx(3.0e9).epsilon(0.01));
  graph::Index norms = 0;
  for (const layers::Layer& layer : spec.stages[2].layers)
    norms += std::holds_alternative<layers::TokenNorm>(layer);
  CHECK(norms == 7);
}

TEST_CASE("V-MoE-15B has its published parameters but for the classifier, and few of them active") {
  const ModelSpec spec = resolve_model("vmoe_15b").spec;
  const graph::Cost cost = CostCounter().count(spec);
  CHECK(cost.parameters == 14'664'784'232);
  CHECK(static_cast<double>(cost.parameters) == Approx(14705.1e6).epsilon(0.01));
  // 30 of the 32 experts of 24 layers: two linear layers with biases each.
  CHECK(cost.parameters - cost.active_parameters ==
        graph::Index{24} * 30 * (graph::Index{2} * 1408 * 6400 + 6400 + 1408));
  const graph::Cost built = graph::graph_cost(build_graph(spec));
  CHECK(built == cost);
}

TEST_CASE("V-MoE-S/32 routes 50 tokens to 13 places of each expert in its last two blocks") {
  const ModelSpec spec = resolve_model("vmoe_small").spec;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < spec.stages[0].layers.size(); ++i)
    if (std::holds_alternative<layers::ExpertFfn>(spec.stages[0].layers[i])) places.push_back(i);
  CHECK(places == std::vector<std::size_t>{11, 15});
  const auto& layer = std::get<layers::ExpertFfn>(spec.stages[0].layers[15]);
  CHECK(layers::expert_capacity(50, layer) == 13);  // 13.125
  CHECK(has_experts(spec));
  CHECK(mhsa_share(spec) == 0.5);
  const graph::Cost dense = CostCounter().count(resolve_model("vmoe_small", {"experts=0"}).spec);
  const graph::Cost sparse = CostCounter().count(spec);
  const graph::Index expert = graph::Index{2} * 512 * 2048 + 2048 + 512, router = 8 * 512;
  CHECK(sparse.parameters - dense.parameters == 2 * (7 * expert + router));
  CHECK(sparse.active_parameters - dense.parameters == 2 * (expert + router));
  // Dense, an FFN works on 50 tokens; here on 8 x 13 places.
  CHECK(sparse.macs - dense.macs ==
        2 * ((8 * 13 - 50) * graph::Index{2} * 512 * 2048 + 50 * 8 * 512));
}

TEST_CASE("EfficientViT spends 6 of 22 layers on attention, M5 8 of 28, DeiT half") {
  for (const char* name : {"efficientvit_m0", "efficientvit_m1", "efficientvit_m2",
                           "efficientvit_m3", "efficientvit_m4"})
    CHECK(mhsa_share(resolve_model(name).spec) == Approx(6.0 / 22).epsilon(1e-15));
  CHECK(mhsa_share(resolve_model("efficientvit_m5").spec) == Approx(8.0 / 28).epsilon(1e-15));
  CHECK(mhsa_share(resolve_model("deit_tiny").spec) == 0.5);
}

TEST_CASE("the id of M0 is golden") {
  CHECK(model_id(resolve_model("efficientvit_m0").spec) == "eabcfa3f2c3a951ffca557ea8aeec7f8");
}

TEST_CASE("presets differ from one another, and defaults are M0 and DeiT-tiny") {
  std::vector<std::string> ids;
  for (const std::string& name : preset_names()) ids.push_back(model_id(resolve_model(name).spec));
  std::sort(ids.begin(), ids.end());
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
  CHECK(expand_knobs(core::Json{{"template", "efficientvit"}}, "test") ==
        resolve_model("efficientvit_m0").spec);
  CHECK(expand_knobs(core::Json{{"template", "vit"}}, "test") == resolve_model("deit_tiny").spec);
}

}  // namespace
}  // namespace vitlab::architecture
