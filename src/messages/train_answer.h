#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/choice.h"
#include "core/json_fields.h"
#include "stats/intervals.h"
#include "sweep/recipe.h"

namespace vitlab::messages {

/// How well a model answers on a split of labelled images.
struct Evaluation {
  std::int64_t images = 0;
  std::int64_t correct = 0;
  double loss = 0;  // mean cross entropy against the hard labels, in nats

  double accuracy() const {
    return images == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(images);
  }
  /// Wilson's 95 % interval of the accuracy; for at least one image.
  stats::Interval interval() const { return stats::wilson_interval(correct, images); }

  bool operator==(const Evaluation&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("images", &Evaluation::images),
                      core::required("correct", &Evaluation::correct),
                      core::required("loss", &Evaluation::loss)};
  }
};

/// One finished epoch.
struct EpochRecord {
  std::int64_t epoch = 0;     // from 1
  std::int64_t step = 0;      // optimiser steps done behind it
  double learning_rate = 0;   // of its last step
  double train_loss = 0;      // mean over its batches, as they were seen (smoothed, mixed)
  double train_accuracy = 0;  // of the images as they were seen
  Evaluation validation;      // of no images if the data have no such split
  double seconds = 0;         // its training and validation
  double finished_at = 0;     // Unix time

  bool operator==(const EpochRecord&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("epoch", &EpochRecord::epoch),
                      core::required("step", &EpochRecord::step),
                      core::required("learning_rate", &EpochRecord::learning_rate),
                      core::required("train_loss", &EpochRecord::train_loss),
                      core::required("train_accuracy", &EpochRecord::train_accuracy),
                      core::required("validation", &EpochRecord::validation),
                      core::required("seconds", &EpochRecord::seconds),
                      core::required("finished_at_unix_s", &EpochRecord::finished_at)};
  }
};

/// How a training ended.
enum class TrainState : std::uint8_t { kDone, kDiverged };
struct TrainStateRow {
  TrainState value;
  std::string_view word;
};
inline constexpr std::array kTrainStates{TrainStateRow{TrainState::kDone, "done"},
                                         TrainStateRow{TrainState::kDiverged, "diverged"}};
static_assert(core::is_whole(kTrainStates));
constexpr const auto& choice_rows(TrainState) { return kTrainStates; }

/// A share of images with its 95 % interval.
struct AccuracyShare {
  double value = 0, low = 0, high = 0;
  std::int64_t samples = 0;

  bool operator==(const AccuracyShare&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("value", &AccuracyShare::value),
                      core::required("low", &AccuracyShare::low),
                      core::required("high", &AccuracyShare::high),
                      core::required("samples", &AccuracyShare::samples)};
  }
};

/// How many images each split of a data set has.
struct SplitSizes {
  std::int64_t train = 0, validation = 0, test = 0;

  bool operator==(const SplitSizes&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("train", &SplitSizes::train),
                      core::required("validation", &SplitSizes::validation),
                      core::required("test", &SplitSizes::test)};
  }
};

/// What a training found, without its weights: what train.json and the record of a train stage
/// hold.
struct TrainReport {
  std::int64_t schema = 1;
  std::string command = "train";
  std::string version;  // of vitlab
  TrainState state = TrainState::kDone;
  std::optional<std::int64_t> diverged_at;  // the step, from 1, whose loss was no finite number
  std::optional<AccuracyShare> accuracy;    // of the last epoch on the test split
  std::optional<double> test_loss;
  std::optional<AccuracyShare> best_accuracy;  // of the best epoch
  std::int64_t best_epoch = 0;
  std::int64_t epochs_done = 0;
  std::int64_t steps = 0;
  double seconds = 0;  // all sittings together
  std::string model_id;
  std::string data;  // the grammar of data/data_spec.h
  std::string fingerprint;
  std::string identity;  // of the training: what decides its numbers, as a hash
  SplitSizes images;
  std::int64_t classes = 0;
  std::vector<std::string> class_names;  // in the order of the logits
  std::optional<architecture::Preprocessing> preprocessing;
  sweep::Recipe recipe;
  std::uint64_t seed = 0;
  std::int64_t threads = 1;
  std::string device;
  std::string device_class;
  std::vector<EpochRecord> epochs;
  std::vector<std::string> notes;

  bool operator==(const TrainReport&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("schema", &TrainReport::schema),
                      core::required("command", &TrainReport::command),
                      core::required("vitlab_version", &TrainReport::version),
                      core::required("status", &TrainReport::state),
                      core::optional("diverged_at_step", &TrainReport::diverged_at),
                      core::optional("accuracy.top1", &TrainReport::accuracy),
                      core::optional("loss.test", &TrainReport::test_loss),
                      core::optional("accuracy.top1.best", &TrainReport::best_accuracy),
                      core::required("best_epoch", &TrainReport::best_epoch),
                      core::required("epochs_done", &TrainReport::epochs_done),
                      core::required("steps", &TrainReport::steps),
                      core::required("seconds", &TrainReport::seconds),
                      core::required("model_id", &TrainReport::model_id),
                      core::required("data", &TrainReport::data),
                      core::required("data_fingerprint", &TrainReport::fingerprint),
                      core::optional("identity", &TrainReport::identity),
                      core::required("images", &TrainReport::images),
                      core::required("classes", &TrainReport::classes),
                      core::optional("class_names", &TrainReport::class_names),
                      core::optional("preprocessing", &TrainReport::preprocessing),
                      core::required("recipe", &TrainReport::recipe),
                      core::required("seed", &TrainReport::seed),
                      core::required("threads", &TrainReport::threads),
                      core::required("device", &TrainReport::device),
                      core::required("device_class", &TrainReport::device_class),
                      core::required("epochs", &TrainReport::epochs),
                      core::required("notes", &TrainReport::notes)};
  }
};

/// A training's report, of which model and in which folder.
struct TrainAnswer : TrainReport {
  std::string model;
  std::string out;
  std::vector<std::string> resized;  // tensors that were made for another image size
  bool was_done = false;             // the folder held this very training; nothing was run

  bool operator==(const TrainAnswer&) const = default;
  static constexpr auto fields() {
    return std::tuple_cat(TrainReport::fields(),
                          std::tuple{core::required("model", &TrainAnswer::model),
                                     core::required("out", &TrainAnswer::out),
                                     core::optional("resized", &TrainAnswer::resized),
                                     core::optional("was_done", &TrainAnswer::was_done)});
  }
};

}  // namespace vitlab::messages
