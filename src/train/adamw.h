#pragma once

#include <vector>

#include <ATen/ATen.h>

#include "graph/graph.h"
#include "model/weights.h"

namespace vitlab::train {

/// AdamW (Loshchilov and Hutter, 2019) with betas 0.9 and 0.999 and epsilon 1e-8 over the trained
/// parameters; decay touches only those that the graph says decay.
class AdamW {
 public:
  /// Moments start at zero, like the weights in dtype and device.
  AdamW(const graph::Graph& graph, const model::Weights& weights, double weight_decay);

  /// One step with the gradients that the weights hold, which are used up. A positive `clip_norm`
  /// bounds their global norm first. Parameters without a gradient stay as they are.
  void step(const model::Weights& weights, double learning_rate, double clip_norm);

  /// First and second moments by parameter; undefined for what is not trained. A checkpoint holds
  /// these and the number of steps.
  const model::Weights& first_moments() const { return first_; }
  const model::Weights& second_moments() const { return second_; }
  graph::Index steps() const { return steps_; }
  void restore(model::Weights first, model::Weights second, graph::Index steps);

 private:
  struct Group {
    std::vector<at::Tensor> weights, gradients, first, second;
  };
  void update(Group& group, double learning_rate, double decay) const;

  std::vector<bool> decays_;
  double weight_decay_;
  model::Weights first_, second_;
  graph::Index steps_ = 0;
};

}  // namespace vitlab::train
