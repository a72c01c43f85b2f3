#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <ATen/ATen.h>

#include "graph/dtype.h"
#include "graph/fold.h"
#include "graph/graph.h"

namespace vitlab::model {

/// The tensors of a model, in the order of graph.parameters (running statistics included).
struct Weights {
  std::vector<at::Tensor> tensors;

  const at::Tensor& operator[](graph::ParameterId id) const { return tensors[id.index()]; }
  at::Tensor& operator[](graph::ParameterId id) { return tensors[id.index()]; }
};

/// LibTorch's name of a dtype; throws UserError for one that models do not run in.
at::ScalarType scalar_type(graph::Dtype dtype);
/// The reverse, for a dtype that models run in.
graph::Dtype dtype_of(at::ScalarType type);

/// Starting weights on the CPU. Each parameter has its own generator, seeded by `seed` and its full
/// name, and is drawn in float64, so neither order nor dtype changes what is drawn.
Weights initial_weights(const graph::Graph& graph, std::uint64_t seed,
                        at::ScalarType dtype = at::kFloat);

/// The same weights with those that tell classes drawn anew from `seed`.
Weights with_new_classes(const graph::Graph& graph, Weights weights, std::uint64_t seed);

/// The same weights in another dtype or on another device; detached from any gradient.
Weights converted(const Weights& weights, at::ScalarType dtype, at::Device device = at::kCPU);
/// A deep copy, detached from any gradient.
Weights copied(const Weights& weights);

/// Marks the trained parameters as leaves that collect gradients.
void require_gradients(const graph::Graph& graph, Weights& weights);

/// The weights of a rewritten graph, computed in float64 and cast to the dtype of their source.
Weights rewrite_weights(const graph::Rewrite& rewrite, const Weights& weights);

/// The units of an axis that are left: none if the unit of its owner is not kept.
std::vector<graph::Index> units_left(const graph::Graph& graph, const graph::KeptUnits& kept,
                                     graph::AxisId axis);

/// Cuts every parameter along every dimension that names an axis: the weights of
/// build_graph(resize_spec(spec, graph, kept)).
Weights slice_weights(const graph::Graph& graph, const Weights& weights,
                      const graph::KeptUnits& kept);

/// A tensor or none for each axis.
using AxisTensors = core::IdVector<graph::AxisId, at::Tensor>;

/// The same choice as 0/1 masks for RunOptions, one per axis that loses units (else undefined).
AxisTensors masks_of(const graph::Graph& graph, const graph::KeptUnits& kept, at::ScalarType dtype,
                     at::Device device = at::kCPU);

/// Where each entry of a height x width bias map stands in its table: int64 (T, T), T = h·w.
at::Tensor bias_index(const graph::GatherBias& gather);
/// The (heads, T, T) map of a bias table.
at::Tensor gathered_bias(const graph::GatherBias& gather, const at::Tensor& table,
                         const at::Tensor& index);

}  // namespace vitlab::model
