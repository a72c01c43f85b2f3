#pragma once

#include "architecture/model_spec.h"
#include "data/batch_loader.h"
#include "messages/train_answer.h"
#include "model/executor.h"

namespace vitlab::train {

using messages::Evaluation;

/// The loader settings with which a model reads a split in its own order, unchanged.
data::LoaderSettings plain_loading(const graph::Graph& graph, data::Split split,
                                   graph::Index batch_size);

/// The images of a loader as a tensor (N, C, H, W) over `batch`'s own memory.
at::Tensor images_of(const data::Batch& batch, const graph::Graph& graph);

/// Runs the loader's first epoch without gradients; heads answer by their mean logits. `options`
/// may carry masks. Keep the loader to evaluate again without decoding again.
Evaluation evaluate(const model::Executor& executor, const model::Weights& weights,
                    data::BatchLoader& loader, const model::RunOptions& options = {});

/// The same for a whole split.
Evaluation evaluate(const model::Executor& executor, const model::Weights& weights,
                    const data::Dataset& dataset, data::Split split, graph::Index batch_size = 64,
                    const model::RunOptions& options = {});

/// From here on the data set's images are prepared as weights want them that know it (`known`),
/// else as the recipe says: crop and interpolation of photos, interpolation of images of one size.
void prepare(data::Dataset& dataset, const sweep::Recipe& recipe,
             const std::optional<architecture::Preprocessing>& known = {});
/// What weights trained on the data set, as it is prepared, know of it.
architecture::TrainedOn trained_on(const data::Dataset& dataset, const graph::Graph& graph);

/// Throws UserError with the remedy unless every head of the model tells the data set's classes.
void check_classes(const graph::Graph& graph, const data::Dataset& dataset);
/// Throws UserError that names both unless the data set has the classes that weights know, in their
/// order; weights that know none take any.
void check_class_names(const std::vector<std::string>& known, const data::Dataset& dataset);

}  // namespace vitlab::train
