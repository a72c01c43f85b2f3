#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include <ATen/ATen.h>

#include "exports/onnx_model.h"

namespace vitlab::exports {

/// One node as it ran: inputs that the node leaves out are undefined tensors.
struct OnnxStep {
  const OnnxNode& node;
  const std::vector<at::Tensor>& inputs;
  const std::vector<at::Tensor>& outputs;
};
using OnnxObserver = std::function<void(const OnnxStep&)>;

/// Runs a model that onnx_writer made, node by node as ONNX's text says and without vitlab's graph:
/// what was written is checked, not what was meant. Knows the ops that are written, at any opset.
at::Tensor evaluate_onnx(const OnnxModel& model, const at::Tensor& images,
                         const OnnxObserver& observe = {});

/// The same for a file, read back from its bytes.
at::Tensor evaluate_onnx(const std::filesystem::path& file, const at::Tensor& images);

/// A file that write_onnx made; throws Failure where it cannot be read.
OnnxModel read_onnx(const std::filesystem::path& file);

}  // namespace vitlab::exports
