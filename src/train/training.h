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

/// One training under way: what train() keeps between steps and checkpoints save.
class Training {
 public:
  /// Everything must outlive it; `checkpoints` may be null.
  Training(const TrainRequest& request, const data::Dataset& dataset,
           const CheckpointFolder* checkpoints);

  TrainResult run(const TrainProgress& progress);

 private:
  /// Sums over the batches of the epoch under way.
  struct EpochSums {
    double loss = 0;
    graph::Index correct = 0, images = 0, batches = 0;
    double seconds = 0;
  };

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
  core::Json state() const;
  void set_state(const core::Json& state);
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
