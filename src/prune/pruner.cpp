#include "prune/pruner.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/hash.h"
#include "spec/solve.h"

namespace vitlab {

namespace {

/// The model between two rounds, and which of the first model's units are left.
struct State {
  ModelSpec spec;
  Graph graph;
  Weights weights;
  std::vector<std::vector<Index>> origin;  // per axis, per unit: its number in the first model
};

void check_settings(const Graph& graph, const PruneSettings& settings,
                    const std::vector<bool>& axes) {
  if (settings.keep.empty()) throw UserError("pruning needs a budget: --keep macs=0.7");
  for (const auto& [metric, share] : settings.keep) {
    cost_metric({}, metric);
    if (!(share > 0 && share <= 1))
      throw UserError("keep." + metric + " must lie in (0, 1]: the share that is left");
  }
  if (settings.steps < 1) throw UserError("steps must be at least 1");
  if (std::find(axes.begin(), axes.end(), true) != axes.end()) return;
  std::string names;
  for (const std::string& axis : settings.axes) names += (names.empty() ? "" : ", ") + axis;
  throw UserError("the model has no axis to prune among [" + names + "] (" +
                  std::to_string(graph.axes.size()) + " axes in all)");
}

State first_state(const ModelSpec& spec, const Weights& weights) {
  State state{spec, build_graph(spec), copied(weights), {}};
  for (const Axis& axis : state.graph.axes) {
    state.origin.emplace_back(static_cast<std::size_t>(axis.size));
    std::iota(state.origin.back().begin(), state.origin.back().end(), Index{0});
  }
  return state;
}

void cut(State& state, const Selection& selection) {
  State next{resize_spec(state.spec, state.graph, selection.kept), {}, {}, state.origin};
  next.graph = build_graph(next.spec);
  next.weights = slice_weights(state.graph, state.weights, selection.kept);
  // Units keep their axes: a cut changes sizes, never which axes a layer has.
  ensure(next.graph.axes.size() == state.graph.axes.size(), "a cut keeps the axes of a model");
  for (std::size_t a = 0; a < next.origin.size(); ++a) {
    if (!selection.kept[a]) continue;
    std::vector<Index> left;
    for (const Index unit : *selection.kept[a])
      left.push_back(state.origin[a][static_cast<std::size_t>(unit)]);
    next.origin[a] = std::move(left);
  }
  state = std::move(next);
}

std::vector<PrunedAxis> axes_before(const Graph& graph, const std::vector<bool>& axes) {
  std::vector<PrunedAxis> result;
  for (std::size_t a = 0; a < axes.size(); ++a) {
    if (!axes[a]) continue;
    const Axis& axis = graph.axes[a];
    result.push_back({graph.axis_name(static_cast<AxisId>(a)),
                      axis.layer == kUnset ? std::string() : graph.layer(axis.layer).path,
                      std::string(axis_kind_name(axis.kind)),
                      axis.size,
                      {},
                      std::vector<double>(static_cast<std::size_t>(axis.size), 0.0)});
  }
  return result;
}

/// Writes the scores of the units that are left to their places in the first model; `first` says
/// which axes have a row in the result.
void note_scores(const State& state, const std::vector<bool>& first, const UnitScores& scores,
                 std::vector<PrunedAxis>& result) {
  std::size_t row = 0;
  for (std::size_t a = 0; a < first.size(); ++a) {
    if (!first[a]) continue;
    for (std::size_t u = 0; u < scores[a].size(); ++u)
      result[row].scores[static_cast<std::size_t>(state.origin[a][u])] = scores[a][u];
    ++row;
  }
}

}  // namespace

PruneResult prune(const ModelSpec& spec, const Weights& weights, const Dataset& dataset,
                  const PruneSettings& settings, std::uint64_t seed, const OnPruneStep& on_step) {
  State state = first_state(spec, weights);
  const std::vector<bool> axes = prunable_axes(state.graph, settings);
  check_settings(state.graph, settings, axes);
  CostCounter counter;
  PruneResult result;
  result.before = result.after = counter.count(spec);
  result.axes = axes_before(state.graph, axes);
  for (Index step = 1; step <= settings.steps; ++step) {
    const double progress = static_cast<double>(step) / static_cast<double>(settings.steps);
    const double undone = std::pow(1 - progress, 3);
    std::vector<CutTarget> targets;
    for (const auto& [metric, share] : settings.keep)
      targets.push_back(
          {metric, cost_metric(result.before, metric) * (share + (1 - share) * undone)});
    // An axis that fell to one unit is no longer offered but keeps its row in the result.
    std::vector<bool> open = prunable_axes(state.graph, settings);
    const Executor executor(state.graph);
    UnitScores scores = unit_scores(executor, state.weights, dataset, open, settings,
                                    mix64(seed, static_cast<std::uint64_t>(step)));
    note_scores(state, axes, scores, result.axes);
    const Selection selection =
        select_units(state.spec, state.graph, open, scores, targets, settings, counter);
    cut(state, selection);
    result.after = selection.cost;
    if (on_step) on_step(step, settings.steps);
  }
  std::size_t row = 0;
  for (std::size_t a = 0; a < axes.size(); ++a)
    if (axes[a]) result.axes[row++].kept = state.origin[a];
  result.spec = std::move(state.spec);
  result.weights = std::move(state.weights);
  return result;
}

}  // namespace vitlab
