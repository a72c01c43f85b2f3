#include "train/training.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/interrupt.h"
#include "core/random.h"
#include "core/text.h"
#include "model/device.h"
#include "model/mean_logits.h"
#include "train/learning_rate.h"
#include "train/loss.h"

namespace vitlab::train {

namespace {

constexpr graph::Index kEvaluationBatch = 64;
constexpr graph::Index kSmallTestSplit = 1000;

double between(std::chrono::steady_clock::time_point from,
               std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

data::LoaderSettings training_loader(const TrainRequest& request, const graph::Graph& graph,
                                     const data::Dataset& dataset) {
  const sweep::Recipe& recipe = request.recipe;
  if (dataset.size(data::Split::kTrain) == 0)
    throw core::UserError("the data set has no training images");
  if (dataset.size(data::Split::kTest) == 0)
    throw core::UserError(
        "the data set has no test images, so that no accuracy can be told; hold some out: "
        "folder:PATH,test=0.34,validation=0.34");
  check_classes(graph, dataset);
  data::LoaderSettings settings = plain_loading(graph, data::Split::kTrain, recipe.batch_size);
  settings.shuffle = true;
  // A rest of few images would make batch statistics of few values.
  settings.drop_last = dataset.size(data::Split::kTrain) >= recipe.batch_size;
  settings.augmentation = {recipe.crop_padding, recipe.horizontal_flip, recipe.random_erasing};
  settings.seed = core::mix64(request.seed, "images");
  settings.threads = request.loader_threads;
  return settings;
}

/// Whether the start's head tells other classes than those of the data set.
bool is_head_new(const TrainRequest& request, const data::Dataset& dataset) {
  if (!request.start) return false;
  const std::vector<std::string>& known = request.start->trained_on.class_names;
  return !known.empty() && known != dataset.class_names();
}

model::Weights starting_weights(const TrainRequest& request, const graph::Graph& graph,
                                const data::Dataset& dataset) {
  if (!request.start) return model::initial_weights(graph, request.seed);
  const model::Weights& start = request.start->weights;
  core::ensure(start.tensors.size() == graph.parameters.size(), "one tensor per parameter");
  model::Weights weights = model::converted(start, at::kFloat);
  return is_head_new(request, dataset) ? model::with_new_classes(graph, weights, request.seed)
                                       : weights;
}

std::vector<std::string> notes_of(const TrainRequest& request, const data::Dataset& dataset,
                                  const data::BatchLoader& loader) {
  std::vector<std::string> notes = dataset.notes();
  if (request.start)
    notes.insert(notes.begin(), request.start->notes.begin(), request.start->notes.end());
  if (is_head_new(request, dataset))
    notes.emplace_back("the starting weights know other classes: the head is drawn anew");
  const graph::Index tested = dataset.size(data::Split::kTest),
                     trained = dataset.size(data::Split::kTrain);
  if (tested < kSmallTestSplit)
    notes.push_back(fmt::format("small data set: {} test images", tested));
  if (loader.images() < trained)
    notes.push_back(fmt::format("whole batches only: {} of {} training images sit out each epoch",
                                trained - loader.images(), core::with_thousands(trained)));
  if (dataset.size(data::Split::kValidation) == 0)
    notes.push_back("no validation split: the best epoch is the last");
  return notes;
}

}  // namespace

Training::Training(const TrainRequest& request, const data::Dataset& dataset,
                   const CheckpointFolder* checkpoints)
    : request_(request),
      recipe_(request.recipe),
      dataset_(dataset),
      checkpoints_(checkpoints),
      executor_(architecture::build_graph(request.spec), model::open_device(request.device)),
      loader_(dataset, training_loader(request, executor_.graph(), dataset)),
      weights_(placed(starting_weights(request, executor_.graph(), dataset))),
      optimiser_(executor_.graph(), weights_, recipe_.weight_decay),
      notes_(notes_of(request, dataset, loader_)) {
  if (dataset.size(data::Split::kValidation) > 0)
    validation_.emplace(
        dataset, plain_loading(executor_.graph(), data::Split::kValidation, kEvaluationBatch));
}

TrainResult Training::run(const TrainProgress& progress) {
  if (checkpoints_ != nullptr) resume();
  model::require_gradients(executor_.graph(), weights_);
  while (static_cast<graph::Index>(epochs_.size()) < recipe_.epochs)
    if (!run_epoch(progress)) break;
  return result();
}

bool Training::run_epoch(const TrainProgress& progress) {
  loader_.start(static_cast<graph::Index>(epochs_.size()));
  data::Batch batch;
  for (graph::Index skipped = 0; skipped < sums_.batches; ++skipped) loader_.next(batch);
  for (;;) {
    const Clock::time_point before = Clock::now();
    if (!loader_.next(batch)) break;
    if (!take_step(batch)) {
      diverged_at_ = optimiser_.steps() + 1;
      return false;
    }
    const double spent = between(before, Clock::now());
    sums_.seconds += spent;
    sitting_seconds_ += spent;
    sitting_images_ += batch.count();
    try {
      if (progress) progress(latest());
      core::check_interrupt();
    } catch (const core::Interrupted&) {
      if (checkpoints_ != nullptr) save();
      throw;
    }
    if (checkpoints_ != nullptr && between(last_save_, Clock::now()) > request_.checkpoint_seconds)
      save();
  }
  finish_epoch();
  return !diverged_at_;
}

bool Training::take_step(data::Batch& batch) {
  const auto step = static_cast<std::uint64_t>(optimiser_.steps());
  at::Tensor images = placed(images_of(batch, executor_.graph()));
  at::Tensor targets = soft_targets(batch.labels, dataset_.classes(), recipe_.label_smoothing)
                           .to(executor_.device());
  if (recipe_.mixup > 0) {
    core::Random random(core::mix64(core::mix64(request_.seed, "mixup"), step));
    mix_up(images, targets, recipe_.mixup, random);
  }
  model::RunOptions options;
  options.training = true;
  options.seed = core::mix64(core::mix64(request_.seed, "dropout"), step);
  const std::vector<at::Tensor> outputs = executor_.run(weights_, images, options).outputs;
  const at::Tensor loss = mean_loss(outputs, targets);
  last_loss_ = loss.item<double>();
  if (!std::isfinite(last_loss_)) return false;
  loss.backward();
  const double rate = learning_rate_at(recipe_, loader_.batches(), optimiser_.steps());
  optimiser_.step(weights_, rate, recipe_.clip_norm);

  sums_.loss += last_loss_;
  sums_.correct +=
      model::mean_logits(outputs).argmax(1).eq(targets.argmax(1)).sum().item<graph::Index>();
  sums_.images += batch.count();
  ++sums_.batches;
  return true;
}

void Training::finish_epoch() {
  if (!is_finite()) {
    diverged_at_ = optimiser_.steps();
    return;
  }
  const Clock::time_point before = Clock::now();
  EpochRecord record;
  record.epoch = static_cast<graph::Index>(epochs_.size()) + 1;
  record.step = optimiser_.steps();
  record.learning_rate = learning_rate_at(recipe_, loader_.batches(), record.step - 1);
  record.train_loss = sums_.loss / static_cast<double>(sums_.batches);
  record.train_accuracy = static_cast<double>(sums_.correct) / static_cast<double>(sums_.images);
  if (validation_) record.validation = evaluate(executor_, weights_, *validation_);
  const bool is_best = best_epoch_ == 0 || !validation_ ||
                       record.validation.correct >
                           epochs_[static_cast<std::size_t>(best_epoch_ - 1)].validation.correct;
  if (is_best) {
    best_ = model::copied(weights_);
    best_epoch_ = record.epoch;
  }
  record.seconds = sums_.seconds + between(before, Clock::now());
  record.finished_at =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  epochs_.push_back(record);
  sums_ = {};
  if (checkpoints_ != nullptr && record.epoch < recipe_.epochs) save();
}

TrainStep Training::latest() const {
  TrainStep step;
  step.epoch = static_cast<graph::Index>(epochs_.size()) + 1;
  step.epochs = recipe_.epochs;
  step.step = optimiser_.steps();
  step.steps = recipe_.epochs * loader_.batches();
  step.loss = last_loss_;
  step.accuracy = static_cast<double>(sums_.correct) / static_cast<double>(sums_.images);
  step.images_per_second = static_cast<double>(sitting_images_) / sitting_seconds_;
  return step;
}

double Training::seconds() const { return earlier_seconds_ + between(start_, Clock::now()); }

bool Training::is_finite() const {
  return std::all_of(weights_.tensors.begin(), weights_.tensors.end(), [](const at::Tensor& t) {
    return at::isfinite(t.detach()).all().item<bool>();
  });
}

TrainResult Training::result() const {
  TrainResult result;
  result.state = diverged_at_ ? TrainState::kDiverged : TrainState::kDone;
  result.diverged_at = diverged_at_;
  result.epochs = epochs_;
  result.steps = optimiser_.steps();
  result.best_epoch = best_epoch_;
  const auto dense = [](const model::Weights& weights) {
    model::Weights copy = model::converted(weights, at::kFloat);
    for (at::Tensor& tensor : copy.tensors) tensor = tensor.contiguous();
    return copy;
  };
  result.last = dense(weights_);
  result.best = dense(best_);
  const auto test = [&](const model::Weights& weights) {
    return evaluate(executor_, model::converted(weights, at::kFloat, executor_.device()), dataset_,
                    data::Split::kTest, kEvaluationBatch);
  };
  // With the weights as they are handed over, so that whoever loads them finds the same numbers.
  if (!diverged_at_) result.test = test(result.last);
  if (!diverged_at_) result.best_test = test(result.best);
  result.seconds = seconds();
  result.fingerprint = dataset_.fingerprint();
  result.device_class = model::device_class(executor_.device());
  for (int split = 0; split < data::kSplits; ++split)
    result.images[split] = dataset_.size(static_cast<data::Split>(split));
  result.trained_on = trained_on(dataset_, executor_.graph());
  result.notes = notes_;
  return result;
}

at::Tensor Training::placed(const at::Tensor& tensor) const {
  const at::Tensor moved = tensor.detach().to(executor_.device(), at::kFloat);
  // Convolutions and batch norms, both ways, take 20 to 40 % less time in this order on the CPU.
  return moved.dim() == 4 ? moved.contiguous(at::MemoryFormat::ChannelsLast) : moved.contiguous();
}

model::Weights Training::placed(const model::Weights& weights) const {
  model::Weights result;
  for (const at::Tensor& tensor : weights.tensors)
    result.tensors.push_back(tensor.defined() ? placed(tensor).clone() : tensor);
  return result;
}

}  // namespace vitlab::train
