#include "train/evaluate.h"

#include <string>

#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "model/mean_logits.h"
#include "train/loss.h"

namespace vitlab {

LoaderSettings plain_loading(const Graph& graph, Split split, Index batch_size) {
  const Shape& shape = graph.value(graph.input).shape;
  LoaderSettings settings;
  settings.split = split;
  settings.batch_size = batch_size;
  settings.channels = shape[1];
  settings.height = shape[2];
  settings.width = shape[3];
  return settings;
}

at::Tensor images_of(const Batch& batch, const Graph& graph) {
  const Shape& shape = graph.value(graph.input).shape;
  return at::from_blob(const_cast<float*>(batch.images.data()),
                       {batch.count(), shape[1], shape[2], shape[3]}, at::kFloat);
}

Evaluation evaluate(const Executor& executor, const Weights& weights, BatchLoader& loader,
                    const RunOptions& options) {
  const at::NoGradGuard no_gradients;
  Evaluation sum;
  double loss = 0;
  Batch batch;
  loader.start(0);
  while (loader.next(batch)) {
    const at::Tensor logits =
        mean_logits(executor.run(weights, images_of(batch, executor.graph()), options).outputs)
            .cpu();
    const at::Tensor labels = at::from_blob(batch.labels.data(), {batch.count()}, at::kLong);
    loss += at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum).item<double>();
    sum.correct += logits.argmax(1).eq(labels).sum().item<Index>();
    sum.images += batch.count();
  }
  sum.loss = sum.images == 0 ? 0 : loss / static_cast<double>(sum.images);
  return sum;
}

Evaluation evaluate(const Executor& executor, const Weights& weights, const Dataset& dataset,
                    Split split, Index batch_size, const RunOptions& options) {
  check_classes(executor.graph(), dataset);
  BatchLoader loader(dataset, plain_loading(executor.graph(), split, batch_size));
  return evaluate(executor, weights, loader, options);
}

void check_classes(const Graph& graph, const Dataset& dataset) {
  for (const NamedOutput& output : graph.outputs) {
    const Index classes = graph.value(output.value).shape.back();
    if (classes == dataset.classes()) continue;
    throw UserError("the model's output '" + output.name + "' tells " + std::to_string(classes) +
                    " classes, the data set has " + std::to_string(dataset.classes()) +
                    "; set the model's classes to " + std::to_string(dataset.classes()));
  }
}

}  // namespace vitlab
