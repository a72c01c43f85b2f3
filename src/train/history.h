#pragma once

#include <vector>

#include "core/json.h"
#include "train/evaluate.h"

namespace vitlab::train {

/// One finished epoch.
struct EpochRecord {
  graph::Index epoch = 0;     // from 1
  graph::Index step = 0;      // optimiser steps done behind it
  double learning_rate = 0;   // of its last step
  double train_loss = 0;      // mean over its batches, as they were seen (smoothed, mixed)
  double train_accuracy = 0;  // of the images as they were seen
  Evaluation validation;      // of no images if the data have no such split
  double seconds = 0;         // its training and validation
  double finished_at = 0;     // Unix time

  friend bool operator==(const EpochRecord&, const EpochRecord&) = default;
};

/// Numbers that are not finite travel as words (core/json.h).
core::Json evaluation_json(const Evaluation& evaluation);
Evaluation evaluation_from_json(const core::Json& json);
core::Json epochs_json(const std::vector<EpochRecord>& epochs);
std::vector<EpochRecord> epochs_from_json(const core::Json& json);

}  // namespace vitlab::train
