#include <algorithm>

#include <c10/core/GradMode.h>

#include "prune/scores.h"
#include "prune/scoring_batches.h"

namespace vitlab::prune {

namespace {

/// One gate of ones per axis that needs one, as leaves that collect gradients. The gates of V stand
/// for those of heads: a factor of all of a head's V is a factor of its output.
model::AxisTensors open_gates(const graph::Graph& graph,
                              const core::IdVector<graph::AxisId, bool>& axes,
                              const at::TensorOptions& options) {
  model::AxisTensors gates(graph.axes.size());
  for (const graph::AxisId a : gates.ids()) {
    const graph::Axis& axis = graph.axes[a];
    const bool for_head =
        axis.kind == graph::AxisKind::kV && axis.owner.valid() && axes[axis.owner];
    if ((axes[a] || for_head) && axis.kind != graph::AxisKind::kHead)
      gates[a] = at::ones({axis.size}, options).requires_grad_(true);
  }
  return gates;
}

/// The trained parameters of the last op with weights in a layer's residual branch. All behind it
/// is linear without a constant, so sum(w · dL/dw) over them is the slope along a gate of the
/// branch.
std::vector<graph::ParameterId> branch_parameters(const graph::Graph& graph, graph::LayerId layer) {
  graph::ValueId value = graph.residual_branch(layer);
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    if (node->output != value) continue;
    if (node->parameters.empty()) {
      value = node->inputs[0];
      continue;
    }
    std::vector<graph::ParameterId> trained;
    for (const graph::ParameterId id : node->parameters)
      if (graph.parameter(id).trained) trained.push_back(id);
    return trained;
  }
  core::ensure(false, "a residual branch has weights");
  return {};
}

/// Gradients of one batch after the other, squared and added up.
class TaylorSums {
 public:
  TaylorSums(const ScoreRequest& request)
      : graph_(request.executor.graph()),
        candidates_(request.candidates),
        scores_(zero_scores(graph_, candidates_)),
        weights_(request.weights),
        branches_(graph_.layers.size()) {
    at::TensorOptions options = request.weights.tensors.front().options().requires_grad(false);
    options_.gates = open_gates(graph_, candidates_.axes, options);
    for (const graph::LayerId i : branches_.ids()) {
      if (!candidates_.layers[i]) continue;
      branches_[i] = branch_parameters(graph_, i);
      for (const graph::ParameterId id : branches_[i]) {
        at::Tensor& weight = weights_[id];
        weight = weight.detach().requires_grad_(true);
      }
    }
  }

  const model::Weights& weights() const { return weights_; }
  const model::RunOptions& options() const { return options_; }

  void add() {
    UnitScores slopes(graph_.axes.size());
    for (const graph::AxisId a : slopes.ids()) {
      at::Tensor& gate = options_.gates[a];
      if (!gate.defined() || !gate.grad().defined()) continue;
      const at::Tensor gradient = gate.grad().to(at::kCPU, at::kDouble).contiguous();
      const double* values = gradient.data_ptr<double>();
      slopes[a].assign(values, values + gradient.numel());
      gate.mutable_grad().reset();
    }
    add_heads(slopes);
    for (const graph::AxisId a : slopes.ids())
      for (std::size_t u = 0; u < std::min(slopes[a].size(), scores_.units[a].size()); ++u)
        scores_.units[a][u] += slopes[a][u] * slopes[a][u];
    for (const graph::LayerId i : branches_.ids()) add_branch(i);
  }

  Scores mean_over(graph::Index batches) && {
    const auto count = static_cast<double>(batches);
    for (auto& axis : scores_.units)
      for (double& score : axis) score /= count;
    for (double& score : scores_.layers) score /= count;
    return std::move(scores_);
  }

 private:
  void add_heads(UnitScores& slopes) const {
    for (const graph::AxisId a : slopes.ids()) {
      const graph::Axis& axis = graph_.axes[a];
      if (axis.kind != graph::AxisKind::kV || !axis.owner.valid()) continue;
      const graph::AxisId head = axis.owner;
      slopes[head].resize(static_cast<std::size_t>(graph_.axes[head].size), 0.0);
      for (const double slope : slopes[a])
        slopes[head][static_cast<std::size_t>(axis.owner_unit)] += slope;
    }
  }

  void add_branch(graph::LayerId layer) {
    double slope = 0;
    for (const graph::ParameterId id : branches_[layer]) {
      at::Tensor& weight = weights_[id];
      if (!weight.grad().defined()) continue;
      slope += (weight.detach() * weight.grad()).sum().item<double>();
      weight.mutable_grad().reset();
    }
    scores_.layers[layer] += slope * slope;
  }

  const graph::Graph& graph_;
  const Candidates& candidates_;
  Scores scores_;
  model::Weights weights_;
  model::RunOptions options_;
  core::IdVector<graph::LayerId, std::vector<graph::ParameterId>> branches_;
};

}  // namespace

Scores gate_taylor_scores(const ScoreRequest& request) {
  if (request.candidates.none()) return zero_scores(request.executor.graph(), request.candidates);
  TaylorSums sums(request);
  const c10::AutoGradMode with_gradients(true);
  for_each_scoring_batch(request.executor.graph(), request.dataset, request.settings, request.seed,
                         [&](const at::Tensor& images, const at::Tensor& labels) {
                           const model::RunResult result =
                               request.executor.run(sums.weights(), images, sums.options());
                           mean_cross_entropy(result, labels).backward();
                           sums.add();
                         });
  return std::move(sums).mean_over(request.settings.batches);
}

}  // namespace vitlab::prune
