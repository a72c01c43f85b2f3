#include <fstream>
#include <map>
#include <sstream>

#include "core/json.h"
#include "formula.h"
#include "model/expert_ops.h"
#include "small_models.h"
#include "test.hpp"

namespace vitlab::model {

namespace {

/// What tests/oracle/vmoe_oracle.py found in NumPy.
core::Json vmoe_oracle() {
  const std::string path = std::string(VITLAB_SOURCE_DIR) + "/tests/golden/vmoe.json";
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return core::parse_json(text.str(), path);
}

struct OracleModel {
  core::Json json = vmoe_oracle();
  architecture::ModelSpec spec =
      architecture::spec_from_json_text(json.at("spec").dump(), "vmoe.json");
  graph::Graph graph = architecture::build_graph(spec);
  Weights weights;
  at::Tensor images = 2 * formula("input", {2, 3, spec.image.height, spec.image.width});

  OracleModel() {
    for (const graph::ParameterId i : graph.parameters.ids()) {
      const graph::Shape& shape = graph.parameters[i].shape;
      weights.tensors.push_back(formula_tensor(
          graph.parameter_name(i), {shape.begin(), static_cast<std::size_t>(shape.rank())}));
    }
  }
};

/// Gates (1, T, E) in float64.
at::Tensor gates_of(const std::vector<std::vector<double>>& rows) {
  std::vector<at::Tensor> tokens;
  for (const auto& row : rows) tokens.push_back(at::tensor(row, at::kDouble));
  return at::stack(tokens).unsqueeze(0);
}

using Places = std::vector<std::vector<graph::Index>>;

/// The token of every place, by expert.
Places places_of(const at::Tensor& routes) {
  Places result;
  for (graph::Index e = 0; e < routes.size(1); ++e) {
    result.emplace_back();
    for (graph::Index s = 0; s < routes.size(2); ++s)
      result.back().push_back(routes[0][e][s].item<graph::Index>());
  }
  return result;
}

}  // namespace

TEST_CASE("a V-MoE with too few places gives NumPy's logits and sends NumPy's tokens to experts") {
  set_threads(1);
  const OracleModel oracle;
  CHECK(oracle.json.at("dropped").get<graph::Index>() > 10);
  graph::Graph open = oracle.graph;
  for (const graph::Node& node : oracle.graph.nodes)
    if (std::holds_alternative<graph::Route>(node.op)) open.outputs.push_back({"", node.output});
  const auto outputs = Executor(open).run(oracle.weights, oracle.images).outputs;
  const auto rows = oracle.json.at("logits").get<std::vector<std::vector<double>>>();
  for (std::size_t i = 0; i < 2; ++i)
    CHECK(largest_difference(outputs[0][static_cast<graph::Index>(i)],
                             at::tensor(rows[i], at::kDouble)) < 1e-13);
  // NumPy lists images first, then their layers; its lists end where places stay empty.
  const core::Json& routes = oracle.json.at("routes");
  REQUIRE(routes.size() == 4);
  for (std::size_t image = 0; image < 2; ++image) {
    for (std::size_t layer = 0; layer < 2; ++layer) {
      auto served = routes.at(2 * image + layer).get<Places>();
      const at::Tensor found = outputs[1 + layer].narrow(0, static_cast<graph::Index>(image), 1);
      for (auto& places : served) places.resize(static_cast<std::size_t>(found.size(2)), 10);
      CHECK(places_of(found) == served);
    }
  }
}

TEST_CASE("a V-MoE's gradients are NumPy's central differences") {
  set_threads(1);
  OracleModel oracle;
  require_gradients(oracle.graph, oracle.weights);
  const at::Tensor out = Executor(oracle.graph).run(oracle.weights, oracle.images).outputs.at(0);
  (out * formula("loss", out.sizes())).sum().backward();
  std::map<std::string, at::Tensor> gradients;
  for (const graph::ParameterId i : oracle.graph.parameters.ids())
    gradients[oracle.graph.parameter_name(i)] = oracle.weights[i].grad().flatten();
  std::size_t zero = 0;
  for (const core::Json& row : oracle.json.at("gradients")) {
    const auto name = row.at(0).get<std::string>();
    INFO(name << ' ' << row.at(1).dump());
    const double expected = row.at(2).get<double>();
    CHECK(gradients.at(name)[row.at(1).get<graph::Index>()].item<double>() ==
          Approx(expected).epsilon(1e-7).margin(1e-9));
    zero += expected == 0;
  }
  // Behind the last experts only the class token is read, and few of them serve it.
  CHECK(zero < oracle.json.at("gradients").size() / 2);
}

TEST_CASE("first choices come before second ones, and each by position") {
  const at::Tensor gates = gates_of({{0.6, 0.4, 0}, {0.1, 0.7, 0.2}, {0.8, 0.2, 0}, {0.4, 0.6, 0}});
  CHECK(places_of(routed({2, 3}, gates)) == Places{{0, 2, 3}, {1, 3, 0}, {1, 4, 4}});
  CHECK(places_of(routed({2, 1}, gates)) == Places{{0}, {1}, {1}});
  CHECK(places_of(routed({1, 3}, gates)) == Places{{0, 2, 4}, {1, 3, 4}, {4, 4, 4}});
}

TEST_CASE("of equal gates the first expert's is chosen") {
  const at::Tensor gates = gates_of({{0.25, 0.25, 0.25, 0.25}, {0.1, 0.4, 0.1, 0.4}});
  CHECK(places_of(routed({1, 2}, gates)) == Places{{0, 2}, {1, 2}, {2, 2}, {2, 2}});
  CHECK(places_of(routed({2, 2}, gates)) == Places{{0, 2}, {1, 0}, {2, 2}, {1, 2}});
}

TEST_CASE("a token comes back as the sum of its experts' answers times its gates, or as nothing") {
  const at::Tensor gates = gates_of({{0.6, 0.4}, {0.7, 0.3}, {0.8, 0.2}});
  const at::Tensor routes = routed({2, 2}, gates);  // expert 0: 0, 1; expert 1: 0, 1
  const at::Tensor answers = gaussian({1, 2, 2, 5}, 3);
  const at::Tensor back = combined(answers, gates, routes);
  CHECK(largest_difference(back[0][1], 0.7 * answers[0][0][1] + 0.3 * answers[0][1][1]) < 1e-15);
  CHECK(back[0][2].abs().max().item<double>() == 0);
  const at::Tensor tokens = gaussian({1, 3, 5}, 4);
  const at::Tensor sent = dispatched(tokens, routed({1, 4}, gates));
  CHECK(largest_difference(sent[0][0].narrow(0, 0, 3), tokens[0]) == 0);
  CHECK(sent[0][0][3].abs().max().item<double>() == 0);
  CHECK(sent[0][1].abs().max().item<double>() == 0);
}

TEST_CASE("every expert has weights of its own") {
  const at::Tensor x = gaussian({3, 2, 4, 5}, 1), w = gaussian({2, 6, 5}, 2),
                   b = gaussian({2, 6}, 3);
  const at::Tensor y = by_expert(x, w, b);
  for (graph::Index e = 0; e < 2; ++e)
    CHECK(largest_difference(y.select(1, e), at::linear(x.select(1, e), w[e], b[e])) < 1e-13);
}

TEST_CASE("with places for all and every expert chosen, experts mix as their gates say") {
  RandomSpecs specs(5);
  architecture::ModelSpec spec = specs.with_kind(layers::ExpertFfn::kName);
  for (layers::Layer& layer : spec.stages[0].layers)
    if (auto* ffn = std::get_if<layers::ExpertFfn>(&layer))
      *ffn = {.experts = 1, .hidden = 4, .top_k = 1, .capacity = 1};
  const SmallModel sparse(spec, 6);
  // One expert with the gate 1 is an FFN.
  for (layers::Layer& layer : spec.stages[0].layers)
    if (auto* ffn = std::get_if<layers::ExpertFfn>(&layer))
      layer = layers::TokenFfn{ffn->hidden, ffn->activation};
  SmallModel dense(spec, 6);
  std::map<std::string, at::Tensor> by_name;
  for (const graph::ParameterId i : sparse.graph().parameters.ids())
    by_name[sparse.graph().parameter_name(i)] = sparse.weights[i];
  for (const graph::ParameterId i : dense.graph().parameters.ids())
    dense.weights[i] =
        by_name.at(dense.graph().parameter_name(i)).reshape(dense.weights[i].sizes());
  const at::Tensor images = sparse.images(2, 7);
  CHECK(largest_difference(sparse.outputs(images), dense.outputs(images)) < 1e-12);
}

}  // namespace vitlab::model
