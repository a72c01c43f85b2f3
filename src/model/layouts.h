#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "architecture/model_spec.h"
#include "interop/name_map.h"
#include "model/weight_files.h"
#include "model/weights.h"

namespace vitlab::model {

/// The part of a parameter's tensor (or of its gradient) that an entry of a name map names.
at::Tensor part_of(const at::Tensor& whole, const interop::NameMapEntry& entry);
/// The inverse: weights of a graph from one tensor for each entry of its name map.
Weights joined(const std::vector<interop::NameMapEntry>& map,
               const std::vector<at::Tensor>& tensors);

/// The weights of `graph` (built from `spec`) from the tensors of a file in the layout's names.
/// Throws one UserError on the missing, extra and misshapen tensors as the file calls them, or says
/// why no model of that layout has these layers.
///
/// Position tables made for images of another size are interpolated (model/position_tables.h);
/// their names in the file go into `resized`.
Weights weights_of(TensorFile file, const architecture::ModelSpec& spec, const graph::Graph& graph,
                   interop::WeightLayout layout, at::ScalarType dtype = at::kFloat,
                   std::vector<std::string>* resized = nullptr);
Weights read_weights(const std::filesystem::path& path, const architecture::ModelSpec& spec,
                     const graph::Graph& graph, interop::WeightLayout layout,
                     at::ScalarType dtype = at::kFloat,
                     std::vector<std::string>* resized = nullptr);

/// Writes weights so that the layout's own code loads them strictly: with its counters of batch
/// norms (0) and, in the official layout, its buffers of attention.
void write_weights(const std::filesystem::path& path, const architecture::ModelSpec& spec,
                   const graph::Graph& graph, const Weights& weights, interop::WeightLayout layout);

}  // namespace vitlab::model
