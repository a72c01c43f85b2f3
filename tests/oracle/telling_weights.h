#pragma once

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "graph/graph.h"
#include "model/weights.h"

namespace vitlab {

/// Weights in which nothing is 0 or 1; norms that start at 0, which close residual branches, stay
/// small, so that rounding errors do not grow on their way through deep models.
inline model::Weights telling_weights(const graph::Graph& graph) {
  model::Weights weights;
  for (const graph::ParameterId i : graph.parameters.ids()) {
    const graph::Parameter& p = graph.parameters[i];
    const at::IntArrayRef shape(p.shape.begin(), static_cast<std::size_t>(p.shape.rank()));
    at::Tensor tensor = at::empty(shape, at::kFloat);
    const at::Generator random = at::detail::createCPUGenerator(i.index());
    const bool is_scale = p.shape.rank() == 1 && p.name.ends_with("weight");
    const bool closes = p.initialiser.kind == graph::Initialiser::Kind::kZeros;
    if (is_scale || p.name.ends_with("running_var"))
      tensor.uniform_(0.5, 1.5, random).mul_(is_scale && closes ? 0.3 : 1);
    else if (p.shape.rank() == 1 || closes)
      tensor.normal_(0, 0.2, random);
    else
      tensor.normal_(
          0, std::sqrt(static_cast<double>(p.shape[0]) / static_cast<double>(p.shape.elements())),
          random);
    weights.tensors.push_back(tensor);
  }
  return weights;
}

}  // namespace vitlab
