#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include <ATen/ATen.h>

#include "graph/shape.h"
#include "profile/timed_run.h"

namespace vitlab::engine {

/// A model file as it is timed, and what its logits must be.
struct FileToRun {
  std::filesystem::path path;
  /// (1, C, H, W); nothing: what the file says, and Failure where it does not.
  std::optional<graph::Shape> image;
  /// Gives the logits that the images should have; empty: nobody knows.
  std::function<at::Tensor(const at::Tensor& images)> expected;
};

/// An ONNX file in ONNX Runtime, by a Python worker: the interpreter that VITLAB_PYTHON names, else
/// python3. Throws CapabilityError with the remedy where it or onnxruntime is missing.
std::unique_ptr<profile::TimedRun> open_onnxruntime(const FileToRun& file,
                                                    const sweep::Protocol& protocol);
/// A TorchScript file in LibTorch's interpreter.
std::unique_ptr<profile::TimedRun> open_torchscript_run(const FileToRun& file,
                                                        const sweep::Protocol& protocol);
/// A package that AOTInductor compiled. Throws UserError for a program that is not compiled.
std::unique_ptr<profile::TimedRun> open_pt2(const FileToRun& file, const sweep::Protocol& protocol);

/// The largest difference over the largest expected logit, or nothing if nobody knows the logits.
/// Throws Failure above 1e-3: what computes something else is not timed.
std::optional<double> checked_difference(const FileToRun& file, const at::Tensor& images,
                                         const at::Tensor& logits);

/// The shape of an image that the user gave or the file told; throws Failure where neither did.
graph::Shape image_of(const FileToRun& file, const std::optional<graph::Shape>& told);

}  // namespace vitlab::engine
