#pragma once

#include <filesystem>

#include <ATen/ATen.h>

#include "interop/name_map.h"
#include "model/weights.h"
#include "spec/model_spec.h"

namespace vitlab {

/// Reads the weights of `graph` (built from `spec`) from a safetensors file in the layout's names.
/// Throws one UserError that names every missing, extra and misshapen tensor as the file calls
/// them, or says why no model of that layout has these layers.
Weights read_weights(const std::filesystem::path& path, const ModelSpec& spec, const Graph& graph,
                     WeightLayout layout, at::ScalarType dtype = at::kFloat);

/// Writes weights so that the layout's own code loads them strictly: with its counters of batch
/// norms (0) and, in the official layout, its index buffers of attention biases.
void write_weights(const std::filesystem::path& path, const ModelSpec& spec, const Graph& graph,
                   const Weights& weights, WeightLayout layout);

}  // namespace vitlab
