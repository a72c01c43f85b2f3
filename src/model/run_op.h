#pragma once

#include <optional>

#include <ATen/ATen.h>

#include "graph/graph.h"
#include "model/weights.h"

namespace vitlab::model {

/// What one node needs to run.
struct OpCall {
  const graph::Graph& graph;
  const graph::Node& node;
  const Weights& weights;
  c10::SmallVector<at::Tensor, 4> inputs;
  graph::Index images = 1;
  bool training = false;
  const at::Tensor& constant;      // op_constant of the node's op
  const at::Tensor& channel_mask;  // of the output's channels, or undefined
  std::optional<at::Generator> generator;
};

/// Runs one node as LibTorch does it; the same tensors come out whatever the batch size.
at::Tensor run_op(const OpCall& call);

}  // namespace vitlab::model
