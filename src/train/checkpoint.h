#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "graph/shape.h"
#include "model/weight_files.h"

namespace vitlab::train {

/// All that a training needs to go on as if it had never stopped.
struct Checkpoint {
  core::Json state;  // counters and history
  std::vector<model::NamedTensor> tensors;
};

/// A folder with the newest two checkpoints of one training, each a safetensors file and a JSON
/// file that holds its hash. The JSON file is published last, so that a checkpoint is whole or
/// does not exist.
class CheckpointFolder {
 public:
  /// `identity` is that of the training: what a checkpoint must carry to be resumed from.
  CheckpointFolder(std::filesystem::path folder, std::string identity);

  /// Adds the state after `step` optimiser steps and removes all but the newest two.
  void write(graph::Index step, const Checkpoint& checkpoint) const;

  /// The newest checkpoint that is whole; what was passed over, and why, is added to `notes`.
  /// Throws UserError if the folder belongs to another training.
  std::optional<Checkpoint> newest(std::vector<std::string>& notes) const;

  /// Removes the checkpoints, and the folder if nothing else is in it.
  void clear() const;

 private:
  std::vector<graph::Index> steps() const;  // of what lies there, newest first
  std::filesystem::path file(graph::Index step, const char* extension) const;
  Checkpoint read(graph::Index step, std::string& training) const;
  void remove(graph::Index step) const;

  std::filesystem::path folder_;
  std::string identity_;
};

}  // namespace vitlab::train
