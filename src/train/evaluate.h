#pragma once

#include "data/batch_loader.h"
#include "model/executor.h"
#include "spec/model_spec.h"
#include "stats/intervals.h"

namespace vitlab {

/// How well a model answers on a split of labelled images.
struct Evaluation {
  Index images = 0;
  Index correct = 0;
  double loss = 0;  // mean cross entropy against the hard labels, in nats

  double accuracy() const {
    return images == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(images);
  }
  /// Wilson's 95 % interval of the accuracy; for at least one image.
  Interval interval() const { return wilson_interval(correct, images); }

  friend bool operator==(const Evaluation&, const Evaluation&) = default;
};

/// The loader settings with which a model reads a split in its own order, unchanged.
LoaderSettings plain_loading(const Graph& graph, Split split, Index batch_size);

/// The images of a loader as a tensor (N, C, H, W) over `batch`'s own memory.
at::Tensor images_of(const Batch& batch, const Graph& graph);

/// Runs the loader's first epoch without gradients; heads answer by their mean logits. `options`
/// may carry masks. Keep the loader to evaluate again without decoding again.
Evaluation evaluate(const Executor& executor, const Weights& weights, BatchLoader& loader,
                    const RunOptions& options = {});

/// The same for a whole split.
Evaluation evaluate(const Executor& executor, const Weights& weights, const Dataset& dataset,
                    Split split, Index batch_size = 64, const RunOptions& options = {});

/// Throws UserError with the remedy unless every head of the model tells the data set's classes.
void check_classes(const Graph& graph, const Dataset& dataset);

}  // namespace vitlab
