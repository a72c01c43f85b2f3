#pragma once

#include <functional>

#include <ATen/ATen.h>

#include "data/dataset.h"
#include "model/executor.h"
#include "sweep/analysis_settings.h"

namespace vitlab::prune {

/// Shows `settings.batches` batches of training images, shuffled by `seed`, to `use`; the data set
/// is read again from its start where it is too small. The tensors live until `use` returns. Throws
/// UserError if there are no training images.
void for_each_scoring_batch(
    const graph::Graph& graph, const data::Dataset& dataset, const sweep::PruneSettings& settings,
    std::uint64_t seed,
    const std::function<void(const at::Tensor& images, const at::Tensor& labels)>& use);

/// Mean cross-entropy over the heads of a model.
at::Tensor mean_cross_entropy(const model::RunResult& result, const at::Tensor& labels);

}  // namespace vitlab::prune
