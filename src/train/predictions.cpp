#include "train/predictions.h"

#include <algorithm>
#include <string>

#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "model/mean_logits.h"
#include "train/evaluate.h"

namespace vitlab::train {

std::vector<bool> Predictions::hits() const {
  std::vector<bool> hits(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) hits[i] = labels[i] == classes[i];
  return hits;
}

std::int64_t Predictions::right() const {
  const std::vector<bool> all = hits();
  return std::count(all.begin(), all.end(), true);
}

Predictions predictions(const model::Executor& executor, const model::Weights& weights,
                        const data::Dataset& dataset, data::Split split, graph::Index batch_size,
                        const OnPredicted& on_predicted) {
  check_classes(executor.graph(), dataset);
  if (dataset.size(split) == 0)
    throw core::UserError("the data set has no " + std::string(core::word_of(split)) + " images");
  data::BatchLoader loader(dataset, plain_loading(executor.graph(), split, batch_size));
  const at::NoGradGuard no_gradients;
  Predictions told;
  data::Batch batch;
  loader.start(0);
  while (loader.next(batch)) {
    core::check_interrupt();
    const at::Tensor logits =
        model::mean_logits(executor.run(weights, images_of(batch, executor.graph())).outputs)
            .cpu()
            .to(at::kDouble);
    const at::Tensor labels = at::from_blob(batch.labels.data(), {batch.count()}, at::kLong);
    told.loss += at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum).item<double>();
    const at::Tensor classes = logits.argmax(1).contiguous();
    const auto* first = classes.const_data_ptr<std::int64_t>();
    told.classes.insert(told.classes.end(), first, first + batch.count());
    told.labels.insert(told.labels.end(), batch.labels.begin(), batch.labels.end());
    const at::Tensor five = std::get<1>(logits.topk(std::min<std::int64_t>(5, logits.size(1)), 1));
    told.right_in_top5 += five.eq(labels.unsqueeze(1)).sum().item<std::int64_t>();
    if (on_predicted) on_predicted(static_cast<graph::Index>(told.labels.size()), loader.images());
  }
  told.loss /= static_cast<double>(told.labels.size());
  return told;
}

}  // namespace vitlab::train
