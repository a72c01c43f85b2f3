#include "similarity/head_ablation.h"

#include <cmath>

#include "architecture/presets.h"
#include "core/error.h"
#include "model/mean_logits.h"
#include "model/small_models.h"
#include "similarity/gated_heads.h"
#include "similarity/image_source.h"
#include "test.hpp"

namespace vitlab::similarity {

namespace {

std::vector<at::Tensor> open_gates_of(const GatedHeads& model, graph::Index images) {
  std::vector<at::Tensor> gates;
  for (std::size_t layer = 0; layer < model.layers(); ++layer)
    gates.push_back(at::ones({images, model.heads(layer)}, at::kDouble));
  return gates;
}

model::SmallModel digit_model() {
  return {architecture::expand_knobs(
              core::parse_json(R"({"template": "efficientvit", "image_size": 16, "classes": 10,
                             "stem_stride": 4, "widths": [16, 16, 24], "heads": [2, 2, 3],
                             "qk_dim": 4, "kernels": [3, 3, 3], "activation": "gelu"})",
                               "test"),
              "test"),
          3};
}

}  // namespace

TEST_CASE("open gates change nothing, gates act on their image alone, in every kind of attention") {
  model::for_every_kind(3, false, [&](const model::SmallModel& model, RandomSpecs&) {
    if (model.graph().attention.empty()) return;
    const GatedHeads gated(model.executor, model.weights);
    const at::Tensor images = model.images(3, 4);
    const std::vector<at::Tensor> outputs = model.outputs(images);
    if (outputs.front().sizes() != outputs.back().sizes()) return;  // no mean of such answers
    const at::Tensor plain = model::mean_logits(outputs);
    std::vector<at::Tensor> gates = open_gates_of(gated, 3);
    CHECK(model::largest_difference(gated.run(images, gates), plain) < 1e-12);
    gates.front()[1][0] = 0.25;
    const at::Tensor changed = gated.run(images, gates);
    CHECK(model::largest_difference(changed[0], plain[0]) < 1e-12);
    CHECK(model::largest_difference(changed[2], plain[2]) < 1e-12);
    gates.front().fill_(1);
    gates.front().select(1, 0).fill_(0.25);
    CHECK(model::largest_difference(gated.run(images, gates)[1], changed[1]) < 1e-9);
  });
}

TEST_CASE("without all of its heads a layer gives what zero values give") {
  const model::SmallModel model = digit_model();
  const GatedHeads gated(model.executor, model.weights);
  const at::Tensor images = model.images(2, 5);
  std::vector<at::Tensor> gates = open_gates_of(gated, 2);
  gates[1].fill_(0);
  // The same by weights: what makes the values of that layer is scaled to nothing by its norm.
  model::Weights zeroed = model::copied(model.weights);
  const graph::Graph& graph = model.graph();
  const graph::LayerId layer = graph.attention[1].layer;
  for (const graph::ParameterId p : graph.parameters.ids()) {
    const graph::Parameter& parameter = graph.parameters[p];
    if (parameter.layer != layer || parameter.name.find(".qkv.norm.") == std::string::npos ||
        parameter.name.find("running") != std::string::npos)
      continue;
    zeroed[p].narrow(0, 2 * 4, zeroed[p].size(0) - 2 * 4).zero_();
  }
  const at::Tensor expected = model::mean_logits(model.executor.run(zeroed, images).outputs);
  CHECK(model::largest_difference(gated.run(images, gates), expected) < 1e-12);
}

TEST_CASE("removing a head is a zero gate; in a layer of one head nothing is left to compare") {
  const model::SmallModel model = digit_model();
  const auto dataset = data::open_dataset(data::parse_data_spec("digits"));
  const sweep::SimilaritySettings settings{.images = 6, .batch = 4};
  const messages::HeadAblations result =
      ablate_heads(model.executor, model.weights, *dataset, settings);
  CHECK(result.images == 6);
  REQUIRE(result.layers.size() == model.graph().attention.size());
  const auto source = images_of(*dataset, {1, 3, 16, 16}, {.images = 6, .batch = 6});
  const at::Tensor images = source->next(), labels = source->labels();
  const GatedHeads gated(model.executor, model.weights);
  const auto loss = [&](const std::vector<at::Tensor>& gates) {
    return at::cross_entropy_loss(gated.run(images, gates), labels).item<double>();
  };
  std::vector<at::Tensor> gates = open_gates_of(gated, 6);
  CHECK(result.loss == Approx(loss(gates)));
  for (std::size_t layer = 0; layer < result.layers.size(); ++layer)
    for (const messages::AblatedHead& row : result.layers[layer].heads) {
      gates = open_gates_of(gated, 6);
      gates[layer].select(1, row.head).fill_(0);
      CHECK(row.removed.loss == Approx(loss(gates)));
      gates[layer] = 1 - gates[layer];
      CHECK(row.left.loss == Approx(loss(gates)));
    }
  const messages::AblatedHead& head = result.layers[0].heads[1];
  CHECK(head.head == 1);
  CHECK(head.removed.loss_change == Approx(head.removed.loss - result.loss));
}

TEST_CASE("gate importance is the mean size of the loss's central difference") {
  const model::SmallModel model = digit_model();
  const auto dataset = data::open_dataset(data::parse_data_spec("digits"));
  const auto importance =
      gate_importance(model.executor, model.weights, *dataset, {.images = 5, .batch = 2});
  const auto source = images_of(*dataset, {1, 3, 16, 16}, {.images = 5, .batch = 5});
  const at::Tensor images = source->next(), labels = source->labels();
  const GatedHeads gated(model.executor, model.weights);
  const double step = 1e-6;
  for (std::size_t layer = 0; layer < importance.size(); ++layer) {
    std::vector<double> sizes;
    double square = 0;
    for (graph::Index head = 0; head < gated.heads(layer); ++head) {
      at::Tensor losses[2];
      for (const int side : {0, 1}) {
        std::vector<at::Tensor> gates = open_gates_of(gated, 5);
        gates[layer].select(1, head).add_(side == 0 ? -step : step);
        losses[side] =
            at::cross_entropy_loss(gated.run(images, gates), labels, {}, at::Reduction::None);
      }
      sizes.push_back(((losses[1] - losses[0]) / (2 * step)).abs().sum().item<double>());
      square += sizes.back() * sizes.back();
    }
    for (std::size_t head = 0; head < sizes.size(); ++head)
      CHECK(importance[layer][head] == Approx(sizes[head] / std::sqrt(square)).epsilon(1e-4));
  }
}

TEST_CASE("labels that the model has no class for are refused") {
  model::SmallModel model = digit_model();
  const auto dataset =
      data::open_dataset(data::parse_data_spec("synthetic:classes=40,size=16,count=400"));
  CHECK_THROWS_WITH(ablate_heads(model.executor, model.weights, *dataset, {.images = 40}),
                    Catch::Contains("10 classes"));
}

}  // namespace vitlab::similarity
