#include "train/adamw.h"

#include <cmath>

#include "test.hpp"
#include "tiny_training.h"

namespace vitlab::train {

namespace {

/// One number of AdamW as its paper writes it, in float64.
struct PlainAdamW {
  double weight, decay, first = 0, second = 0;
  int steps = 0;

  void step(double gradient, double rate) {
    ++steps;
    first = 0.9 * first + 0.1 * gradient;
    second = 0.999 * second + 0.001 * gradient * gradient;
    const double mean = first / (1 - std::pow(0.9, steps));
    const double variance = second / (1 - std::pow(0.999, steps));
    weight -= rate * decay * weight;
    weight -= rate * mean / (std::sqrt(variance) + 1e-8);
  }
};

graph::Graph two_vectors() {
  graph::Graph graph;
  graph.layers.push_back({"layer", "test"});
  graph.add_parameter({.layer = graph::LayerId(0), .name = "weight", .shape = {3}, .dims = {{}}});
  graph.add_parameter(
      {.layer = graph::LayerId(0), .name = "bias", .shape = {3}, .dims = {{}}, .decays = false});
  graph.add_parameter(
      {.layer = graph::LayerId(0), .name = "mean", .shape = {3}, .dims = {{}}, .trained = false});
  return graph;
}

}  // namespace

TEST_CASE("AdamW steps as its formula says, with decay only where the graph says so") {
  const graph::Graph graph = two_vectors();
  model::Weights weights;
  for (int i = 0; i < 3; ++i) weights.tensors.push_back(at::tensor({0.5, -2.0, 3.0}, at::kDouble));
  model::require_gradients(graph, weights);
  const double decay = 0.1;
  AdamW optimiser(graph, weights, decay);
  std::vector<PlainAdamW> plain;
  for (int parameter = 0; parameter < 2; ++parameter)
    for (const double start : {0.5, -2.0, 3.0})
      plain.push_back({start, parameter == 0 ? decay : 0});

  for (int step = 0; step < 12; ++step) {
    const double rate = 1e-2 / (1 + step);
    for (std::size_t parameter = 0; parameter < 2; ++parameter) {
      std::vector<double> gradient;
      for (std::size_t i = 0; i < 3; ++i) {
        gradient.push_back(std::sin(7.0 * step + 3.0 * static_cast<double>(i + 3 * parameter)));
        plain[3 * parameter + i].step(gradient[i], rate);
      }
      weights.tensors[parameter].mutable_grad() = at::tensor(gradient, at::kDouble);
    }
    optimiser.step(weights, rate, 0);
  }
  for (std::size_t i = 0; i < 6; ++i)
    CHECK(weights.tensors[i / 3][static_cast<graph::Index>(i % 3)].item<double>() ==
          Approx(plain[i].weight).epsilon(1e-10));
  CHECK(weights.tensors[2][1].item<double>() == -2.0);
  CHECK(optimiser.steps() == 12);
  CHECK_FALSE(weights.tensors[0].grad().defined());
}

TEST_CASE("clipping bounds the norm of all gradients together and leaves small ones alone") {
  const graph::Graph graph = two_vectors();
  for (const double size : {1e-3, 100.0}) {
    model::Weights weights;
    for (int i = 0; i < 3; ++i) weights.tensors.push_back(at::zeros({3}, at::kDouble));
    model::require_gradients(graph, weights);
    AdamW optimiser(graph, weights, 0);
    for (std::size_t i = 0; i < 2; ++i)
      weights.tensors[i].mutable_grad() = at::full({3}, size, at::kDouble);
    optimiser.step(weights, 1e-3, 0.5);
    // After one step the first moment is a tenth of what the optimiser saw.
    const double seen = 10 * optimiser.first_moments().tensors[0][0].item<double>();
    CHECK(seen == Approx(size < 1 ? size : 0.5 / std::sqrt(6.0)).epsilon(1e-5));
  }
}

}  // namespace vitlab::train
