#pragma once

#include <filesystem>

#include "exports/export_model.h"
#include "exports/onnx_model.h"

namespace vitlab::exports {

struct OnnxOptions {
  int opset = 18;      // 17 to 20
  bool deploy = true;  // the folded graph
};

/// The model in standard ONNX ops: input "input" (batch, C, H, W), output "logits" (batch,
/// classes), float32. Throws UserError for another opset, or an op that ONNX cannot express.
OnnxModel onnx_model(const ExportModel& model, const OnnxOptions& options);

/// Writes that model whole or not at all; metadata vitlab.spec, vitlab.version and vitlab.model.
/// Throws UserError also where the file would pass the 2 GiB of protobuf.
void write_onnx(const ExportModel& model, const OnnxOptions& options,
                const std::filesystem::path& file);

}  // namespace vitlab::exports
