#include "facts/head_facts.h"

#include <cmath>

#include "sample_similarity.h"
#include "test.hpp"

namespace vitlab::facts {
namespace {

TEST_CASE("a head resembles the others by the mean of its row without itself", "[report]") {
  messages::LayerHeads layer = sample_similarity(0.7).layers[0];
  CHECK(*facts::resemblance(layer, 0) == Approx((0.7 + 0.1 + 0.1) / 3));
  CHECK(*facts::resemblance(layer, 3) == Approx(0.1));
  CHECK_FALSE(facts::resemblance(layer, 4));
  layer.pairs[0].second[0][2] = std::nan("");
  CHECK_FALSE(facts::resemblance(layer, 0));
  layer.pairs[0].second = {{1.0}};  // one head has no others
  CHECK_FALSE(facts::resemblance(layer, 0));
  layer.pairs.clear();
  CHECK_FALSE(facts::resemblance(layer, 0));
}

TEST_CASE("a head's worth is its gate's gradient, or the loss without it", "[report]") {
  messages::SimilarityAnswer answer = sample_similarity(0.7);
  CHECK_FALSE(facts::has_ablation(answer));
  CHECK(facts::worth_of_heads(answer, answer.layers[0], false)[3] == 0.9);
  CHECK(facts::worth_of_heads(answer, answer.layers[0], true).empty());
  answer.ablation.emplace();
  for (const messages::LayerHeads& layer : answer.layers) {
    messages::AblatedLayer row{.layer = layer.layer};
    for (int head = 0; head < 4; ++head)
      row.heads.push_back({.head = head, .removed = {.loss_change = 0.1 * head}});
    answer.ablation->layers.push_back(row);
  }
  CHECK(facts::has_ablation(answer));
  CHECK(facts::worth_of_heads(answer, answer.layers[2], true)[3] == Approx(0.3));
  // A head without a number would shift the others: the layer then has none.
  answer.ablation->layers[1].heads[0].removed.loss_change = std::nan("");
  CHECK_FALSE(facts::has_ablation(answer));
}

}  // namespace
}  // namespace vitlab::facts
