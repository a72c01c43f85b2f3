#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "architecture/model_spec.h"
#include "data/dataset.h"
#include "model/weights.h"
#include "sweep/recipe.h"
#include "train/evaluate.h"

namespace vitlab::train {

/// A trained or pruned model to go on with. Images are prepared as it knows them, if it does; where
/// it knows other classes than the data set's, the head is drawn anew.
struct StartingPoint {
  model::Weights weights;
  architecture::TrainedOn trained_on;
  std::vector<std::string> notes;  // how the weights were read; told with the training's own
};

/// One training, resolved: nothing else decides its numbers but the machine.
struct TrainRequest {
  architecture::ModelSpec spec;
  std::string data;  // the grammar of data/data_spec.h
  sweep::Recipe recipe;
  std::uint64_t seed = 0;  // of weights, order, augmentation, mixup and drop path
  std::string device = "cpu";
  std::optional<StartingPoint> start;  // in place of drawn weights
  /// Where checkpoints go; they are removed once the training is done. Empty: none are written.
  std::filesystem::path checkpoint_folder;
  /// Go on from the newest checkpoint; false removes what is there.
  bool resumes = true;
  double checkpoint_seconds = 300;  // a checkpoint inside an epoch that takes longer
  int loader_threads = 0;           // changes no number
  data::OnBroken on_broken = data::OnBroken::kRefuse;
};

/// What is told behind every optimiser step; epochs and steps are counted from 1.
struct TrainStep {
  graph::Index epoch = 0, epochs = 0;
  graph::Index step = 0, steps = 0;  // of the whole training
  double loss = 0;                   // of this batch
  double accuracy = 0;               // of this epoch's images so far, as they were seen
  double images_per_second = 0;
};
/// May throw to stop a training; Interrupted leaves a checkpoint of the step just done.
using TrainProgress = std::function<void(const TrainStep&)>;

using messages::EpochRecord;
using messages::TrainState;

/// What a training left.
struct TrainResult {
  TrainState state = TrainState::kDone;
  std::optional<graph::Index> diverged_at;  // the step, from 1, whose loss was no finite number
  std::vector<EpochRecord> epochs;          // those that were finished
  graph::Index steps = 0;                   // optimiser steps done
  std::optional<Evaluation> test;           // of the last epoch; absent when diverged
  std::optional<Evaluation> best_test;
  graph::Index best_epoch = 0;  // from 1, the first of greatest accuracy on the validation split
  double seconds = 0;           // all sittings together
  model::Weights last, best;    // dense float32 on the CPU
  std::string identity;         // of the training
  std::string fingerprint;      // of the data
  std::string device_class;
  graph::Index images[data::kSplits] = {0, 0, 0};  // by Split
  architecture::TrainedOn trained_on;
  std::vector<std::string> notes;
};

/// A training whose data set is open.
class OpenTraining {
 public:
  explicit OpenTraining(TrainRequest request);

  /// What decides its numbers, as a hash: of the model, the data, recipe, seed, start and device.
  std::string identity() const;
  TrainResult run(const TrainProgress& progress = {});

 private:
  TrainRequest request_;
  std::unique_ptr<data::Dataset> dataset_;
};

/// Trains a model. The same request gives the same bytes on the same machine, whatever the number
/// of loader threads and however often it was stopped and resumed. The test split is read once at
/// the end; validation chooses `best` and nothing else. Whole batches only, if there is one.
/// Throws UserError for what cannot be trained, Interrupted on Ctrl-C or SIGTERM behind a
/// checkpoint of the step just done.
TrainResult train(const TrainRequest& request, const TrainProgress& progress = {});

}  // namespace vitlab::train
