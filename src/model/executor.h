#pragma once

#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

#include "graph/graph.h"
#include "model/weights.h"

namespace vitlab::model {

/// Told about every node that runs, in order: begin just before LibTorch computes it, end just
/// after, while its inputs are still held.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void begin(graph::NodeId node) = 0;
  virtual void end() = 0;
};

struct RunOptions {
  bool training = false;      // batch statistics, running ones updated; drop path
  bool taps = false;          // give back attention maps
  bool head_outputs = false;  // give back map · V of each head
  /// By axis; empty or undefined: none. Every value of graph.gates is multiplied by the gates of
  /// its axes, so that the gradient of a gate is the axis's Taylor score.
  AxisTensors gates;
  /// By axis, 1 kept and 0 removed. Every labelled value is masked behind the op that made it and
  /// layer norms average over kept channels: the reference for slicing.
  AxisTensors masks;
  RunObserver* observer = nullptr;
  std::uint64_t seed = 0;  // of drop path
};

/// Attention of one layer, in the order of graph.attention.
struct AttentionResult {
  at::Tensor maps;                       // (N·windows, heads, queries, keys)
  std::vector<at::Tensor> head_outputs;  // per head (N·windows, elements)
};

struct RunResult {
  std::vector<at::Tensor> outputs;  // in the order of graph.outputs; float32 for bfloat16 models
  std::vector<AttentionResult> attention;
};

/// Runs a graph with LibTorch. Holds no weights; one executor serves many runs and threads.
class Executor {
 public:
  explicit Executor(graph::Graph graph, at::Device device = at::kCPU);

  /// One batch (N, C, H, W); images are brought to the weights' dtype and device. Gradients flow if
  /// the caller's grad mode is on. Throws UserError if the images are not what the model reads.
  RunResult run(const Weights& weights, const at::Tensor& images,
                const RunOptions& options = {}) const;

  const graph::Graph& graph() const { return graph_; }
  at::Device device() const { return device_; }

 private:
  class Run;

  graph::Graph graph_;
  at::Device device_;
  core::IdVector<graph::NodeId, std::vector<graph::ValueId>> released_;  // what it reads last
  core::IdVector<graph::NodeId, at::Tensor> constants_;  // undefined but where op_constant is not
  core::IdVector<graph::ValueId, bool> is_gated_;
};

}  // namespace vitlab::model
