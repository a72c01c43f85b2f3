#pragma once

#include <vector>

#include <ATen/ATen.h>

#include "model/executor.h"

namespace vitlab::similarity {

/// A model with a gate on what each head of each attention layer gives out: map · V is multiplied
/// by it, before the heads are joined and, in a cascade, before the next head reads it. Works for
/// every attention layer, also where heads share their V axes with the rest of the model.
class GatedHeads {
 public:
  GatedHeads(const model::Executor& executor, const model::Weights& weights);

  /// Logits (N, classes) with gates (N, heads) by attention layer; an undefined one is open.
  at::Tensor run(const at::Tensor& images, const std::vector<at::Tensor>& gates) const;

  std::size_t layers() const { return gates_.size(); }
  graph::Index heads(std::size_t layer) const { return gates_[layer].heads; }

 private:
  /// The gates of one layer: one parameter for all heads, or one for each.
  struct Gate {
    std::vector<graph::ParameterId> parameters;
    graph::Index heads = 0, windows = 1;
  };
  graph::Graph gated(const graph::Graph& graph);

  std::vector<Gate> gates_;
  model::Executor executor_;
  model::Weights weights_;
};

}  // namespace vitlab::similarity
