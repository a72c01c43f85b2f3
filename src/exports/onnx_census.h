#pragma once

#include <string>
#include <vector>

#include "exports/onnx_model.h"

namespace vitlab::exports {

/// All nodes of one ONNX op.
struct OnnxOpCount {
  std::string type;
  graph::Index nodes = 0;
  /// For one image: inputs and weights read once, outputs written once; 0 for ops that only look at
  /// the same memory in another shape (Reshape, Flatten, Identity, Shape).
  graph::Index bytes = 0;
};

/// The ops of a written model (read_onnx): Reshape and Transpose first, then by bytes moved. Shapes
/// are those of a run on one image.
std::vector<OnnxOpCount> onnx_census(const OnnxModel& model);

}  // namespace vitlab::exports
