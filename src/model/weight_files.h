#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "architecture/model_spec.h"
#include "architecture/preprocessing.h"
#include "interop/stored_tensor.h"
#include "interop/torch_checkpoint.h"
#include "model/weights.h"

namespace vitlab::model {

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

/// A file of tensors, on the CPU.
struct TensorFile {
  std::vector<NamedTensor> tensors;
  interop::Metadata metadata;
  /// The path and, of a PyTorch checkpoint, what was read of it: "m0.pth (its 'model')".
  std::string title;

  /// The tensor of that name; throws UserError naming `source` and the nearest name.
  const at::Tensor& at(const std::string& name, const std::string& source) const;
};

/// Reads a safetensors file or a PyTorch checkpoint (interop/torch_checkpoint.h), told apart by
/// their first bytes; throws UserError with path and reason if it is no valid one.
TensorFile read_tensors(const std::filesystem::path& path,
                        interop::EmaChoice ema = interop::EmaChoice::kAuto);
/// Writes whole or not at all; tensors on any device, in a dtype that the format knows.
void write_tensors(const std::filesystem::path& path, const std::vector<NamedTensor>& tensors,
                   const interop::Metadata& metadata = {});

/// Under which key a file of weights tells the spec that they are of.
inline constexpr const char* kSpecKey = "vitlab.spec";

/// Under which keys a file of weights tells, as JSON, what is known of their training images.
inline constexpr const char* kPreprocessingKey = "vitlab.preprocessing";
inline constexpr const char* kClassNamesKey = "vitlab.class_names";

/// format=pt, vitlab.version, vitlab.spec (JSON) and, where they are known, preprocessing and class
/// names: what every file of weights says of itself.
interop::Metadata weight_metadata(const architecture::ModelSpec& spec,
                                  const architecture::TrainedOn& trained_on = {});
/// What a file's metadata says of its training images; throws UserError naming `source` for what
/// does not read.
architecture::TrainedOn trained_on(const interop::Metadata& metadata, const std::string& source);

/// The parameters of `graph` under their full names, running statistics included.
std::vector<NamedTensor> named_weights(const graph::Graph& graph, const Weights& weights);
void save_weights(const std::filesystem::path& path, const graph::Graph& graph,
                  const Weights& weights, const interop::Metadata& metadata);

/// Tensors in vitlab's names as weights of `graph`. Throws one UserError that names every missing,
/// extra and misshapen tensor.
Weights weights_from(const std::vector<NamedTensor>& tensors, const graph::Graph& graph,
                     const std::string& source, at::ScalarType dtype = at::kFloat);
/// What a file must hold: a tensor's name and shape.
struct WantedTensor {
  std::string name;
  graph::Shape shape;
};
/// The wanted tensors, in their order; refuses any other file in the same way.
std::vector<at::Tensor> exactly(const std::vector<WantedTensor>& wanted,
                                const std::vector<NamedTensor>& tensors, const std::string& source,
                                at::ScalarType dtype);
/// The weights of a file. Position tables made for images of another size are interpolated
/// (model/position_tables.h), and their names put into `resized`.
Weights load_weights(const std::filesystem::path& path, const graph::Graph& graph,
                     at::ScalarType dtype = at::kFloat,
                     std::vector<std::string>* resized = nullptr);

}  // namespace vitlab::model
