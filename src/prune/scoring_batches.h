#pragma once

#include <functional>

#include <ATen/ATen.h>

#include "data/dataset.h"
#include "model/executor.h"
#include "sweep/analysis_settings.h"

namespace vitlab {

/// Shows `settings.batches` batches of training images, shuffled by `seed`, to `use`; the data set
/// is read again from its start where it is too small. The tensors live until `use` returns. Throws
/// UserError if there are no training images.
void for_each_scoring_batch(
    const Graph& graph, const Dataset& dataset, const PruneSettings& settings, std::uint64_t seed,
    const std::function<void(const at::Tensor& images, const at::Tensor& labels)>& use);

/// Mean cross-entropy over the heads of a model.
at::Tensor mean_cross_entropy(const RunResult& result, const at::Tensor& labels);

}  // namespace vitlab
