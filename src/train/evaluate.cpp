#include "train/evaluate.h"

#include <algorithm>
#include <string>

#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "core/names.h"
#include "model/mean_logits.h"
#include "train/loss.h"

namespace vitlab::train {

namespace {

/// "3 classes (book, cup, tent)"; the first few of many.
std::string clipped_names(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> shown(names.begin(), names.begin() + std::min(kShown, names.size()));
  if (shown.size() < names.size()) shown.emplace_back("…");
  return std::to_string(names.size()) + " classes (" + core::joined(shown) + ")";
}

}  // namespace

data::LoaderSettings plain_loading(const graph::Graph& graph, data::Split split,
                                   graph::Index batch_size) {
  const graph::Shape& shape = graph.value(graph.input).shape;
  data::LoaderSettings settings;
  settings.split = split;
  settings.batch_size = batch_size;
  settings.channels = shape[1];
  settings.height = shape[2];
  settings.width = shape[3];
  return settings;
}

at::Tensor images_of(const data::Batch& batch, const graph::Graph& graph) {
  const graph::Shape& shape = graph.value(graph.input).shape;
  return at::from_blob(const_cast<float*>(batch.images.data()),
                       {batch.count(), shape[1], shape[2], shape[3]}, at::kFloat);
}

Evaluation evaluate(const model::Executor& executor, const model::Weights& weights,
                    data::BatchLoader& loader, const model::RunOptions& options) {
  const at::NoGradGuard no_gradients;
  Evaluation sum;
  double loss = 0;
  data::Batch batch;
  loader.start(0);
  while (loader.next(batch)) {
    const at::Tensor logits =
        model::mean_logits(
            executor.run(weights, images_of(batch, executor.graph()), options).outputs)
            .cpu();
    const at::Tensor labels = at::from_blob(batch.labels.data(), {batch.count()}, at::kLong);
    loss += at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum).item<double>();
    sum.correct += logits.argmax(1).eq(labels).sum().item<graph::Index>();
    sum.images += batch.count();
  }
  sum.loss = sum.images == 0 ? 0 : loss / static_cast<double>(sum.images);
  return sum;
}

Evaluation evaluate(const model::Executor& executor, const model::Weights& weights,
                    const data::Dataset& dataset, data::Split split, graph::Index batch_size,
                    const model::RunOptions& options) {
  check_classes(executor.graph(), dataset);
  data::BatchLoader loader(dataset, plain_loading(executor.graph(), split, batch_size));
  return evaluate(executor, weights, loader, options);
}

void prepare(data::Dataset& dataset, const sweep::Recipe& recipe,
             const std::optional<architecture::Preprocessing>& known) {
  architecture::Preprocessing how = known.value_or(dataset.preprocessing());
  if (!known) {
    how.interpolation = recipe.interpolation;
    if (how.crop_mode == architecture::CropMode::kCentre) how.crop_fraction = recipe.crop_fraction;
  }
  dataset.prepare(std::move(how));
}

architecture::TrainedOn trained_on(const data::Dataset& dataset, const graph::Graph& graph) {
  return {architecture::for_channels(dataset.preprocessing(), graph.value(graph.input).shape[1]),
          dataset.class_names()};
}

void check_class_names(const std::vector<std::string>& known, const data::Dataset& dataset) {
  if (known.empty() || known == dataset.class_names()) return;
  throw core::UserError("the weights tell " + clipped_names(known) + "; the data set has " +
                        clipped_names(dataset.class_names()) +
                        "; their numbers would not mean the same");
}

void check_classes(const graph::Graph& graph, const data::Dataset& dataset) {
  for (const graph::NamedOutput& output : graph.outputs) {
    const graph::Index classes = graph.value(output.value).shape.back();
    if (classes == dataset.classes()) continue;
    throw core::UserError("the model's output '" + output.name + "' tells " +
                          std::to_string(classes) + " classes, the data set has " +
                          std::to_string(dataset.classes()) + "; set the model's classes to " +
                          std::to_string(dataset.classes()));
  }
}

}  // namespace vitlab::train
