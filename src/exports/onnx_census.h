#pragma once

#include <string>
#include <vector>

#include "exports/onnx_model.h"
#include "messages/export_answer.h"

namespace vitlab::exports {

using messages::OnnxOpCount;

/// The ops of a written model (read_onnx): Reshape and Transpose first, then by bytes moved. Shapes
/// are those of a run on one image.
std::vector<OnnxOpCount> onnx_census(const OnnxModel& model);

}  // namespace vitlab::exports
