#include <chrono>

#include "core/text.h"
#include "data/data_spec.h"
#include "engine/device_turn.h"
#include "engine/request_model.h"
#include "engine/requests.h"
#include "train/evaluate.h"
#include "train/predictions.h"

namespace vitlab::engine {

namespace {

messages::AccuracyShare share(std::int64_t right, std::int64_t images) {
  const stats::Interval interval = stats::wilson_interval(right, images);
  return {static_cast<double>(right) / static_cast<double>(images), interval.low, interval.high,
          images};
}

/// A bit an image, four a digit, the first image the highest; the last digit is filled up with 0.
std::string hex_of(const std::vector<bool>& bits) {
  std::string text;
  for (std::size_t i = 0; i < bits.size(); i += 4) {
    unsigned digit = 0;
    for (std::size_t j = 0; j < 4; ++j) digit = 2 * digit + (i + j < bits.size() && bits[i + j]);
    text += "0123456789abcdef"[digit];
  }
  return text;
}

void add_classes(const train::Predictions& told, const std::vector<std::string>& names,
                 messages::EvaluateAnswer& answer) {
  answer.confusion.assign(names.size(), std::vector<std::int64_t>(names.size()));
  for (std::size_t i = 0; i < told.labels.size(); ++i)
    ++answer.confusion[static_cast<std::size_t>(told.labels[i])]
                      [static_cast<std::size_t>(told.classes[i])];
  for (std::size_t c = 0; c < names.size(); ++c) {
    messages::ClassRow row{names[c], 0, {}};
    for (const std::int64_t images : answer.confusion[c]) row.images += images;
    if (row.images > 0) row.top1 = share(answer.confusion[c][c], row.images);
    answer.per_class.push_back(std::move(row));
  }
}

}  // namespace

messages::EvaluateAnswer answer(const messages::EvaluateRequest& request, Events& events) {
  const LoadedModel loaded = load_model(request);
  const auto dataset =
      open_dataset_for(loaded, request.data, {.on_broken = data::skipping(request.skip_broken)});
  const store::DeviceLock turn = beside_others(events);
  const auto start = std::chrono::steady_clock::now();
  const train::Predictions told = train::predictions(
      loaded.executor, loaded.weights, *dataset, request.split, request.batch,
      [&](graph::Index done, graph::Index total) { events.progress(done, total, "images"); });
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const auto images = static_cast<std::int64_t>(told.labels.size());
  messages::EvaluateAnswer answer;
  answer.model = request.model.name;
  answer.id = architecture::model_id(request.model.spec);
  answer.weights = loaded.origin;
  answer.data = request.data;
  answer.fingerprint = dataset->fingerprint();
  answer.split = request.split;
  answer.top1 = share(told.right(), images);
  answer.top5 = share(told.right_in_top5, images);
  answer.loss = told.loss;
  add_classes(told, dataset->class_names(), answer);
  answer.right = hex_of(told.hits());
  answer.images_per_s = static_cast<double>(images) / seconds.count();
  answer.preprocessing = train::trained_on(*dataset, loaded.executor.graph()).preprocessing.value();
  answer.knows_preprocessing = loaded.trained_on.preprocessing.has_value();
  answer.notes = dataset->notes();
  answer.resized = loaded.resized;
  return answer;
}

}  // namespace vitlab::engine
