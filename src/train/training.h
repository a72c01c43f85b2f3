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

namespace vitlab {

/// One training under way: what train() keeps between steps and checkpoints save.
class Training {
 public:
  /// Everything must outlive it; `checkpoints` may be null.
  Training(const TrainRequest& request, const Dataset& dataset,
           const CheckpointFolder* checkpoints);

  TrainResult run(const TrainProgress& progress);

 private:
  /// Sums over the batches of the epoch under way.
  struct EpochSums {
    double loss = 0;
    Index correct = 0, images = 0, batches = 0;
    double seconds = 0;
  };

  bool run_epoch(const TrainProgress& progress);
  /// False if the loss is no finite number; nothing is changed then.
  bool take_step(Batch& batch);
  void finish_epoch();
  TrainStep latest() const;
  double seconds() const;  // of all sittings
  bool is_finite() const;
  TrainResult result() const;

  void save();
  void resume();
  Json state() const;
  void set_state(const Json& state);
  /// In the memory order that the device trains fastest with.
  at::Tensor placed(const at::Tensor& tensor) const;
  Weights placed(const Weights& weights) const;

  const TrainRequest& request_;
  const Recipe& recipe_;
  const Dataset& dataset_;
  const CheckpointFolder* checkpoints_;
  Executor executor_;
  BatchLoader loader_;
  std::optional<BatchLoader> validation_;
  Weights weights_;
  AdamW optimiser_;

  EpochSums sums_;
  std::vector<EpochRecord> epochs_;
  Weights best_;
  Index best_epoch_ = 0;
  double last_loss_ = 0;
  std::optional<Index> diverged_at_;
  std::vector<std::string> notes_;

  using Clock = std::chrono::steady_clock;
  double earlier_seconds_ = 0;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_save_ = Clock::now();
  Index sitting_images_ = 0;
  double sitting_seconds_ = 0;  // spent in steps
};

}  // namespace vitlab
