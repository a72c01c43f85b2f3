#pragma once

#include <cmath>
#include <string>

#include <ATen/ATen.h>

#include "graph/cost.h"
#include "model/device.h"
#include "model/executor.h"
#include "model/weights.h"
#include "random_spec.h"
#include "test.hpp"

namespace vitlab::model {

inline at::Tensor gaussian(at::IntArrayRef shape, std::uint64_t seed) {
  core::Random random(seed);
  at::Tensor tensor = at::empty(shape, at::kDouble);
  double* data = tensor.mutable_data_ptr<double>();
  for (graph::Index i = 0; i < tensor.numel(); ++i) data[i] = random.normal();
  return tensor;
}

/// Weights in float64 in which nothing is 0 or 1: every scale, bias and statistic takes part.
inline Weights random_weights(const graph::Graph& graph, std::uint64_t seed) {
  Weights weights;
  for (const graph::ParameterId i : graph.parameters.ids()) {
    const graph::Parameter& p = graph.parameters[i];
    const at::IntArrayRef shape(p.shape.begin(), static_cast<std::size_t>(p.shape.rank()));
    at::Tensor tensor = gaussian(shape, seed * 1000 + i.index());
    const bool is_vector = p.shape.rank() == 1;
    if (p.name.ends_with("running_var") || (is_vector && p.name.ends_with(".weight")))
      tensor = 0.6 + 0.4 * tensor.abs();
    else if (is_vector)
      tensor = 0.3 * tensor;
    else
      tensor = 1.2 * tensor / std::sqrt(static_cast<double>(p.shape.elements() / p.shape[0]));
    weights.tensors.push_back(tensor);
  }
  return weights;
}

/// A model of a random spec with everything that a law needs.
struct SmallModel {
  architecture::ModelSpec spec;
  Executor executor;
  Weights weights;

  SmallModel(architecture::ModelSpec of, std::uint64_t seed)
      : spec(std::move(of)),
        executor(architecture::build_graph(spec)),
        weights(random_weights(executor.graph(), seed)) {
    set_threads(1);  // small tensors: more threads only wait for each other
  }

  const graph::Graph& graph() const { return executor.graph(); }
  at::Tensor images(graph::Index count, std::uint64_t seed) const {
    return gaussian({count, spec.image.channels, spec.image.height, spec.image.width}, seed);
  }
  std::vector<at::Tensor> outputs(const at::Tensor& images, const RunOptions& options = {}) const {
    return executor.run(weights, images, options).outputs;
  }
};

/// About how many additions lie behind one number that a graph gives out: what a product sums up on
/// the average, as often as there are nodes.
inline double additions(const graph::Graph& graph) {
  const graph::Cost cost = graph::graph_cost(graph);
  return static_cast<double>(graph.nodes.size()) *
         (1 + static_cast<double>(cost.macs) / static_cast<double>(cost.activations));
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return std::numeric_limits<double>::infinity();
  const double value = (a - b).abs().max().item<double>();
  return std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
}

inline double largest_difference(const std::vector<at::Tensor>& a,
                                 const std::vector<at::Tensor>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, largest_difference(a[i], b[i]));
  return largest;
}

/// Calls `law(model)` for `count` random models with a layer of each kind.
template <typename Law>
void for_every_kind(std::uint64_t count, bool smooth, Law&& law) {
  for (const std::string& kind : layers::layer_kind_names()) {
    for (std::uint64_t seed = 0; seed < count; ++seed) {
      RandomSpecs specs(seed * 7919 + std::hash<std::string>{}(kind) % 1000);
      specs.smooth = smooth;
      SmallModel model(specs.with_kind(kind), seed + 1);
      INFO("kind " << kind << ", seed " << seed << ", model "
                   << core::dump_json(architecture::spec_json(model.spec)));
      law(model, specs);
    }
  }
}

}  // namespace vitlab::model
