#include "prune/scores.h"

#include <cmath>
#include <string>

#include "core/error.h"
#include "core/hash.h"
#include "core/names.h"
#include "core/random.h"

namespace vitlab::prune {

namespace {

/// Adds `per_unit(values)` of each axis of each labelled dimension, values summed over the others.
template <typename Use>
void for_each_unit_sum(const graph::Graph& graph, const graph::Parameter& parameter,
                       const at::Tensor& amounts, Use use) {
  for (std::size_t d = 0; d < parameter.dims.size(); ++d) {
    if (parameter.dims[d].empty()) continue;
    const auto dim = static_cast<std::int64_t>(d);
    const at::Tensor sums = amounts.transpose(0, dim).reshape({amounts.size(dim), -1}).sum(1);
    const double* values = sums.data_ptr<double>();
    for (const graph::AxisId id : parameter.dims[d]) {
      use(id, values);
      values += graph.axis(id).size;
    }
  }
}

/// By axis and unit, for all axes; a head has what its Q, K and V have too.
UnitScores squares_of_units(const graph::Graph& graph, const model::Weights& weights) {
  UnitScores units(graph.axes.size());
  for (const graph::AxisId a : units.ids())
    units[a].assign(static_cast<std::size_t>(graph.axes[a].size), 0.0);
  for (const graph::ParameterId p : graph.parameters.ids()) {
    if (!graph.parameters[p].trained) continue;
    const at::Tensor squares = weights[p].detach().to(at::kCPU, at::kDouble).square();
    for_each_unit_sum(graph, graph.parameters[p], squares,
                      [&](graph::AxisId a, const double* sums) {
                        for (std::size_t u = 0; u < units[a].size(); ++u) units[a][u] += sums[u];
                      });
  }
  for (const graph::AxisId a : units.ids()) {
    const graph::Axis& axis = graph.axes[a];
    if (!axis.owner.valid()) continue;
    double& head = units[axis.owner][static_cast<std::size_t>(axis.owner_unit)];
    for (const double sum : units[a]) head += sum;
  }
  return units;
}

void check_finite(const graph::Graph& graph, const Scores& scores) {
  const auto check = [](double score, const std::string& name) {
    if (!std::isfinite(score))
      throw core::UserError(
          "the score of " + name +
          " is not a finite number, so there are NaNs among the weights or the loss "
          "overflows; prune weights whose training did not diverge");
  };
  for (const graph::AxisId a : scores.units.ids())
    for (const double score : scores.units[a]) check(score, graph.axis_name(a));
  for (const graph::LayerId i : scores.layers.ids()) check(scores.layers[i], graph.layers[i].path);
}

}  // namespace

Scores zero_scores(const graph::Graph& graph, const Candidates& candidates) {
  Scores scores{UnitScores(graph.axes.size()),
                core::IdVector<graph::LayerId, double>(graph.layers.size())};
  for (const graph::AxisId a : candidates.axes.ids())
    if (candidates.axes[a])
      scores.units[a].assign(static_cast<std::size_t>(graph.axes[a].size), 0.0);
  return scores;
}

Scores magnitude_scores(const ScoreRequest& request) {
  const graph::Graph& graph = request.executor.graph();
  Scores scores = zero_scores(graph, request.candidates);
  const UnitScores all = squares_of_units(graph, request.weights);
  for (const graph::AxisId a : all.ids())
    if (request.candidates.axes[a]) scores.units[a] = all[a];
  for (const graph::ParameterId p : graph.parameters.ids()) {
    const graph::LayerId layer = graph.parameter(p).layer;
    if (request.candidates.layers[layer] && graph.parameters[p].trained)
      scores.layers[layer] +=
          request.weights[p].detach().to(at::kDouble).square().sum().item<double>();
  }
  return scores;
}

Scores batch_norm_scores(const ScoreRequest& request) {
  const graph::Graph& graph = request.executor.graph();
  for (const graph::LayerId i : graph.layers.ids())
    if (request.candidates.layers[i])
      throw core::UserError("the criterion batch_norm_scale scores channels, not layers such as " +
                            graph.layers[i].path +
                            "; choose gate_taylor, or leave out the axis layer");
  UnitScores sums(graph.axes.size());
  core::IdVector<graph::AxisId, double> counts(graph.axes.size());
  for (const graph::AxisId a : sums.ids())
    sums[a].assign(static_cast<std::size_t>(graph.axes[a].size), 0.0);
  for (const graph::Node& node : graph.nodes) {
    if (!std::holds_alternative<graph::BatchNorm>(node.op)) continue;
    const graph::ParameterId scale = node.parameters[0];
    const at::Tensor sizes = request.weights[scale].detach().to(at::kCPU, at::kDouble).abs();
    for_each_unit_sum(graph, graph.parameter(scale), sizes,
                      [&](graph::AxisId a, const double* all) {
                        for (std::size_t u = 0; u < sums[a].size(); ++u) sums[a][u] += all[u];
                        ++counts[a];
                      });
  }
  for (const graph::AxisId a : sums.ids()) {  // a head's norms are those of its V
    const graph::Axis& axis = graph.axes[a];
    if (axis.kind != graph::AxisKind::kV || !axis.owner.valid() || counts[a] == 0) continue;
    const graph::AxisId head = axis.owner;
    for (const double sum : sums[a])
      sums[head][static_cast<std::size_t>(axis.owner_unit)] +=
          sum / counts[a] / static_cast<double>(sums[a].size());
    counts[head] = 1;
  }
  Scores scores = zero_scores(graph, request.candidates);
  for (const graph::AxisId a : sums.ids()) {
    if (!request.candidates.axes[a]) continue;
    if (counts[a] == 0)
      throw core::UserError("the criterion batch_norm_scale finds no batch norm of " +
                            graph.axis_name(a) + "; choose gate_taylor, or leave out the axis " +
                            std::string(graph::axis_kind_name(graph.axes[a].kind)));
    for (std::size_t u = 0; u < sums[a].size(); ++u) scores.units[a][u] = sums[a][u] / counts[a];
  }
  return scores;
}

Scores random_scores(const ScoreRequest& request) {
  const graph::Graph& graph = request.executor.graph();
  Scores scores = zero_scores(graph, request.candidates);
  for (const graph::AxisId a : scores.units.ids()) {
    core::Random random(core::mix64(request.seed, graph.axis_name(a)));
    for (double& score : scores.units[a]) score = random.uniform();
  }
  for (const graph::LayerId i : scores.layers.ids())
    if (request.candidates.layers[i])
      scores.layers[i] = core::Random(core::mix64(request.seed, graph.layers[i].path)).uniform();
  return scores;
}

namespace {

Scores unchecked_scores(const ScoreRequest& request) {
  switch (request.settings.criterion) {
    case sweep::Criterion::kGateTaylor:
      return gate_taylor_scores(request);
    case sweep::Criterion::kMagnitude:
      return magnitude_scores(request);
    case sweep::Criterion::kBatchNormScale:
      return batch_norm_scores(request);
    case sweep::Criterion::kAblation:
      return ablation_scores(request);
    case sweep::Criterion::kRandom:
      return random_scores(request);
  }
  return {};
}

}  // namespace

Scores scores_of(const ScoreRequest& request) {
  Scores scores = unchecked_scores(request);
  check_finite(request.executor.graph(), scores);
  return scores;
}

}  // namespace vitlab::prune
