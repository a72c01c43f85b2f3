#pragma once

#include <string>

#include "architecture/presets.h"
#include "core/files.h"
#include "model/weight_files.h"
#include "train/train.h"

namespace vitlab::train {

/// A model of a few thousand parameters that reads 16 x 16 images and tells 4 classes.
inline architecture::ModelSpec tiny_spec() {
  return architecture::expand_knobs(
      core::Json::parse(R"({"template": "efficientvit", "image_size": 16, "classes": 4,
    "stem_stride": 4, "widths": [16, 24], "depths": [1, 1], "heads": [2, 2], "qk_dim": 4,
    "kernels": [3, 3], "window": 4})"),
      "tiny");
}

/// 6 batches of 10 images in each of 3 epochs, with all that is drawn at random.
inline TrainRequest tiny_request() {
  TrainRequest request;
  request.spec = tiny_spec();
  request.data = "synthetic:classes=4,size=16,count=100,validation=0.2,test=0.2";
  request.recipe.epochs = 3;
  request.recipe.batch_size = 10;
  request.recipe.learning_rate = 3e-3;
  request.recipe.warmup_epochs = 1;
  request.recipe.mixup = 0.2;
  request.recipe.clip_norm = 1;
  request.recipe.crop_padding = 1;
  request.recipe.random_erasing = 0.3;
  request.seed = 7;
  return request;
}

/// Whether two sets of weights are the same bits.
inline bool are_same(const model::Weights& a, const model::Weights& b) {
  if (a.tensors.size() != b.tensors.size()) return false;
  for (std::size_t i = 0; i < a.tensors.size(); ++i)
    if (!a.tensors[i].equal(b.tensors[i])) return false;
  return true;
}

/// Whether two trainings found the same, but for times.
inline bool are_same(const TrainResult& a, const TrainResult& b) {
  if (a.epochs.size() != b.epochs.size() || a.steps != b.steps || a.test != b.test) return false;
  for (std::size_t i = 0; i < a.epochs.size(); ++i) {
    EpochRecord other = b.epochs[i];
    other.seconds = a.epochs[i].seconds;
    other.finished_at = a.epochs[i].finished_at;
    if (a.epochs[i] != other) return false;
  }
  return a.best_epoch == b.best_epoch && a.best_test == b.best_test && are_same(a.last, b.last) &&
         are_same(a.best, b.best);
}

}  // namespace vitlab::train
