#include "report/head_facts.h"

#include "sample_similarity.h"
#include "test.hpp"

namespace vitlab::report {
namespace {

TEST_CASE("heads are read with chance, random weights and pairs", "[report]") {
  const HeadFacts facts = head_facts(sample_similarity(0.7));
  CHECK(facts.images == 8);
  REQUIRE(facts.layers.size() == 3);
  const HeadLayerFacts& layer = facts.layers[1];
  CHECK(layer.heads == 4);
  const HeadMetricFacts* most = layer.metric("head_cosine.max_max.map");
  REQUIRE(most != nullptr);
  CHECK(most->value == Approx(0.75));
  CHECK(*most->chance == Approx(0.65));
  CHECK(*most->random == Approx(0.55));
  CHECK_FALSE(layer.metric("effective_heads")->chance);
  CHECK(layer.metric("no_such") == nullptr);
}

TEST_CASE("a head resembles the others by the mean of its row without itself", "[report]") {
  HeadLayerFacts layer = head_facts(sample_similarity(0.7)).layers[0];
  CHECK(*layer.resemblance(0) == Approx((0.7 + 0.1 + 0.1) / 3));
  CHECK(*layer.resemblance(3) == Approx(0.1));
  CHECK_FALSE(layer.resemblance(4));
  layer.pairs["map"][0][2] = std::nullopt;
  CHECK_FALSE(layer.resemblance(0));
  layer.pairs["map"] = {{1.0}};  // one head has no others
  CHECK_FALSE(layer.resemblance(0));
  layer.pairs.clear();
  CHECK_FALSE(layer.resemblance(0));
}

TEST_CASE("a head's worth is its gate's gradient, or the loss without it", "[report]") {
  core::Json document = sample_similarity(0.7);
  CHECK_FALSE(head_facts(document).has_ablation());
  CHECK(head_facts(document).layers[0].worth(false)[3] == 0.9);
  CHECK(head_facts(document).layers[0].worth(true).empty());
  document["ablation"]["layers"] = core::Json::array();
  for (const core::Json& layer : document["layers"]) {
    core::Json heads = core::Json::array();
    for (int head = 0; head < 4; ++head)
      heads.push_back({{"head", head}, {"removed", {{"loss_change", 0.1 * head}}}});
    document["ablation"]["layers"].push_back({{"layer", layer.at("layer")}, {"heads", heads}});
  }
  CHECK(head_facts(document).has_ablation());
  CHECK(head_facts(document).layers[2].worth(true)[3] == Approx(0.3));
  // A head without a number would shift the others: the layer then has none.
  document["ablation"]["layers"][1]["heads"][0]["removed"]["loss_change"] = "NaN";
  CHECK_FALSE(head_facts(document).has_ablation());
}

TEST_CASE("what is broken in a similarity is left out and never thrown", "[report]") {
  for (
      const char* text :
      {"null", "3", "[]", "{}", R"({"layers": 3})", R"({"layers": [3, null, {"heads": "two"}]})",
       R"({"layers": [{"metrics": 3, "per_head": [1], "pairs": {"map": [1, "x", [null]]}}]})",
       R"({"layers": [{"layer": 3, "metrics": {"a": {"value": "NaN"}}}], "ablation": {"layers": [1]}})"}) {
    INFO(text);
    const HeadFacts facts = head_facts(core::parse_json(text, "t"));
    for (const HeadLayerFacts& layer : facts.layers) {
      CHECK(layer.metrics.empty());
      CHECK_FALSE(layer.resemblance(0));
    }
  }
}

}  // namespace
}  // namespace vitlab::report
