#pragma once

#include <functional>
#include <vector>

#include "data/dataset.h"
#include "model/executor.h"

namespace vitlab::train {

/// What a model tells of each image of a split, in the split's order.
struct Predictions {
  std::vector<std::int64_t> labels;
  std::vector<std::int64_t> classes;  // of the greatest logit; the first among equals
  std::int64_t right_in_top5 = 0;     // labels among the five greatest logits, or among all
  double loss = 0;                    // mean cross entropy, in nats

  std::vector<bool> hits() const;
  std::int64_t right() const;
};

using OnPredicted = std::function<void(graph::Index done, graph::Index total)>;

/// Runs a split without gradients; heads answer by their mean logits. Throws UserError where the
/// model tells other classes or the split has no images.
Predictions predictions(const model::Executor& executor, const model::Weights& weights,
                        const data::Dataset& dataset, data::Split split, graph::Index batch_size,
                        const OnPredicted& on_predicted = {});

}  // namespace vitlab::train
