#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "data/batch_loader.h"
#include "model/executor.h"
#include "train/adamw.h"
#include "train/checkpoint.h"
#include "train/train.h"

namespace vitlab::train {

/// Sums over the batches of the epoch under way.
struct EpochSums {
  double loss = 0;
  graph::Index correct = 0, images = 0, batches = 0;
  double seconds = 0;

  static constexpr auto fields() {
    return std::tuple{core::required("epoch_loss_sum", &EpochSums::loss),
                      core::required("epoch_correct", &EpochSums::correct),
                      core::required("epoch_images", &EpochSums::images),
                      core::required("epoch_batches", &EpochSums::batches),
                      core::required("epoch_seconds", &EpochSums::seconds)};
  }
};

/// The counters and the history that a checkpoint carries beside its tensors.
struct TrainingState : EpochSums {
  graph::Index steps = 0;
  graph::Index best_epoch = 0;
  double total_seconds = 0;  // of all sittings
  std::vector<EpochRecord> epochs;

  static constexpr auto fields() {
    return std::tuple_cat(std::tuple{core::required("steps", &TrainingState::steps),
                                     core::required("best_epoch", &TrainingState::best_epoch),
                                     core::required("seconds", &TrainingState::total_seconds)},
                          EpochSums::fields(),
                          std::tuple{core::required("epochs", &TrainingState::epochs)});
  }
};

/// One training under way: what train() keeps between steps and checkpoints save.
class Training {
 public:
  /// Everything must outlive it; `checkpoints` may be null.
  Training(const TrainRequest& request, const data::Dataset& dataset,
           const CheckpointFolder* checkpoints);

  TrainResult run(const TrainProgress& progress);

 private:
  bool run_epoch(const TrainProgress& progress);
  /// False if the loss is no finite number; nothing is changed then.
  bool take_step(data::Batch& batch);
  void finish_epoch();
  TrainStep latest() const;
  double seconds() const;  // of all sittings
  bool is_finite() const;
  TrainResult result() const;

  void save();
  void resume();
  TrainingState state() const;
  void set_state(const TrainingState& state);
  /// In the memory order that the device trains fastest with.
  at::Tensor placed(const at::Tensor& tensor) const;
  model::Weights placed(const model::Weights& weights) const;

  const TrainRequest& request_;
  const sweep::Recipe& recipe_;
  const data::Dataset& dataset_;
  const CheckpointFolder* checkpoints_;
  model::Executor executor_;
  data::BatchLoader loader_;
  std::optional<data::BatchLoader> validation_;
  model::Weights weights_;
  AdamW optimiser_;

  EpochSums sums_;
  std::vector<EpochRecord> epochs_;
  model::Weights best_;
  graph::Index best_epoch_ = 0;
  double last_loss_ = 0;
  std::optional<graph::Index> diverged_at_;
  std::vector<std::string> notes_;

  using Clock = std::chrono::steady_clock;
  double earlier_seconds_ = 0;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_save_ = Clock::now();
  graph::Index sitting_images_ = 0;
  double sitting_seconds_ = 0;  // spent in steps
};

}  // namespace vitlab::train
