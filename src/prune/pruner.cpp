#include "prune/pruner.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/hash.h"
#include "prune/mean_folding.h"

namespace vitlab::prune {

namespace {

std::vector<graph::Index> all_units(graph::Index size) {
  std::vector<graph::Index> units(static_cast<std::size_t>(size));
  std::iota(units.begin(), units.end(), graph::Index{0});
  return units;
}

/// The model between two rounds, and what of the first model is left.
struct State {
  architecture::ModelSpec spec;
  graph::Graph graph;
  model::Weights weights;
  core::IdVector<graph::AxisId, graph::AxisId> axes;  // which of the first model each is
  core::IdVector<graph::LayerId, graph::LayerId> layers;
  core::IdVector<graph::AxisId, std::vector<graph::Index>> origin;  // per axis its units, likewise
};

void check_settings(const sweep::PruneSettings& settings, const PruneHooks& hooks) {
  if (settings.keep.empty()) throw core::UserError("pruning needs a budget: --keep macs=0.7");
  const auto needs_latency = [&](const std::string& metric) {
    CutCost{}.of(metric);
    if (metric == sweep::kLatencyMetric && !hooks.latency)
      throw core::UserError(
          "a budget or cost in latency needs a model of latency: `vitlab prune` measures one, the "
          "prune stage of a sweep, which runs beside other work, does not");
  };
  for (const auto& [metric, share] : settings.keep) {
    needs_latency(metric);
    if (!(share > 0 && share <= 1))
      throw core::UserError("keep." + metric + " must lie in (0, 1]: the share that is left");
  }
  if (!settings.cost.empty()) needs_latency(settings.cost);
  if (settings.steps < 1) throw core::UserError("steps must be at least 1");
}

State first_state(const architecture::ModelSpec& spec, const model::Weights& weights) {
  State state{spec, architecture::build_graph(spec), model::copied(weights), {}, {}, {}};
  for (const graph::AxisId a : state.graph.axes.ids()) {
    state.axes.push_back(a);
    state.origin.push_back(all_units(state.graph.axes[a].size));
  }
  for (const graph::LayerId i : state.graph.layers.ids()) state.layers.push_back(i);
  return state;
}

/// The units of an axis that are left, as units of the first model. An embedding that is whole is
/// laid out anew where a layer went on which its splits hung.
std::vector<graph::Index> origin_left(const State& state, const ModelCut& cut, graph::AxisId a,
                                      graph::Index size) {
  if (!cut.kept[a]) {
    const bool laid_out_anew = state.graph.axes[a].size != size;
    return laid_out_anew ? all_units(size) : state.origin[a];
  }
  std::vector<graph::Index> left;
  for (const graph::Index unit : *cut.kept[a])
    left.push_back(state.origin[a][static_cast<std::size_t>(unit)]);
  return left;
}

void apply(State& state, const ModelCut& cut, bool rescale_attention) {
  State next{cut_spec(state.spec, state.graph, cut, rescale_attention), {}, {}, {}, {}, {}};
  next.graph = architecture::build_graph(next.spec);
  next.weights = cut_weights(state.graph, state.weights, cut);
  for (const graph::AxisId a : axes_left(state.graph, cut)) {
    core::ensure(next.axes.size() < next.graph.axes.size(),
                 "a cut keeps the other axes of a model");
    const graph::Index size = next.graph.axis(graph::AxisId(next.axes.size())).size;
    next.axes.push_back(state.axes[a]);
    next.origin.push_back(origin_left(state, cut, a, size));
    core::ensure(static_cast<graph::Index>(next.origin.back().size()) == size,
                 "a cut axis has its new size");
  }
  core::ensure(next.axes.size() == next.graph.axes.size(), "a cut keeps the other axes of a model");
  for (const graph::LayerId layer : layers_left(state.graph, cut))
    next.layers.push_back(state.layers[layer]);
  state = std::move(next);
}

/// Rows for what was free to go in the first model.
class Rows {
 public:
  Rows(const graph::Graph& graph, const Candidates& candidates)
      : axis_rows_(graph.axes.size(), kNone), layer_rows_(graph.layers.size(), kNone) {
    for (const graph::AxisId a : graph.axes.ids()) {
      if (!candidates.axes[a]) continue;
      axis_rows_[a] = axes_.size();
      const graph::Axis& axis = graph.axes[a];
      axes_.push_back({graph.axis_name(a),
                       axis.layer.valid() ? graph.layer(axis.layer).path
                                          : "stages." + std::to_string(axis.index),
                       std::string(graph::axis_kind_name(axis.kind)),
                       axis.size,
                       {},
                       std::vector<double>(static_cast<std::size_t>(axis.size), 0.0)});
    }
    for (const graph::LayerId i : graph.layers.ids()) {
      if (!candidates.layers[i]) continue;
      layer_rows_[i] = layers_.size();
      layers_.push_back({graph.layers[i].path, std::string(graph.layers[i].kind), true, 0});
    }
  }

  /// Writes the scores of what is left to its places in the first model.
  void note(const State& state, const Scores& scores) {
    for (const graph::AxisId a : state.axes.ids()) {
      const std::size_t row = axis_rows_[state.axes[a]];
      if (row == kNone) continue;
      for (std::size_t u = 0; u < scores.units[a].size(); ++u)
        axes_[row].scores[static_cast<std::size_t>(state.origin[a][u])] = scores.units[a][u];
    }
    for (const graph::LayerId i : state.layers.ids())
      if (const std::size_t row = layer_rows_[state.layers[i]]; row != kNone)
        layers_[row].score = scores.layers[i];
  }

  void finish(const State& state, PruneResult& result) && {
    for (messages::PrunedLayer& layer : layers_) layer.kept = false;
    for (const graph::LayerId layer : state.layers)
      if (layer_rows_[layer] != kNone) layers_[layer_rows_[layer]].kept = true;
    for (const graph::AxisId a : state.axes.ids()) {
      const std::size_t row = axis_rows_[state.axes[a]];
      if (row == kNone) continue;
      axes_[row].kept = state.origin[a];
      axes_[row].left = a;
    }
    result.axes = std::move(axes_);
    result.layers = std::move(layers_);
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  core::IdVector<graph::AxisId, std::size_t> axis_rows_;
  core::IdVector<graph::LayerId, std::size_t> layer_rows_;
  std::vector<PrunedAxis> axes_;
  std::vector<messages::PrunedLayer> layers_;
};

std::vector<CutTarget> targets_at(const sweep::PruneSettings& settings, const CutCost& before,
                                  graph::Index step) {
  const double progress = static_cast<double>(step) / static_cast<double>(settings.steps);
  const double undone = std::pow(1 - progress, 3);
  std::vector<CutTarget> targets;
  for (const auto& [metric, share] : settings.keep)
    targets.push_back(
        {metric, before.of(metric) * (share + (1 - share) * undone), share, before.of(metric)});
  return targets;
}

graph::Index nearest_multiple(graph::Index size, graph::Index multiple, graph::Index most) {
  const graph::Index rounded = std::max(multiple, (size + multiple / 2) / multiple * multiple);
  return std::min(rounded, most / multiple * multiple);
}

}  // namespace

PruneResult prune(const architecture::ModelSpec& spec, const model::Weights& weights,
                  const data::Dataset& dataset, const sweep::PruneSettings& settings,
                  std::uint64_t seed, const PruneHooks& hooks) {
  State state = first_state(spec, weights);
  const Candidates first = prune_candidates(spec, state.graph, settings);
  check_settings(settings, hooks);
  require_candidates(state.graph, settings, first);
  CutCounter counter(hooks.latency);
  PruneResult result;
  result.before = result.after = counter.count(spec);
  Rows rows(state.graph, first);
  for (graph::Index step = 1; step <= settings.steps; ++step) {
    // An axis that fell to one unit is no longer offered but keeps its row in the result.
    const Candidates open = prune_candidates(state.spec, state.graph, settings);
    const model::Executor executor(state.graph);
    const std::uint64_t own_seed = core::mix64(seed, static_cast<std::uint64_t>(step));
    const Scores scores =
        scores_of({state.spec, executor, state.weights, dataset, open, settings, own_seed});
    rows.note(state, scores);
    const Selection selection =
        select_units(state.spec, state.graph, open, scores,
                     targets_at(settings, result.before, step), settings, counter);
    if (settings.fold_means)
      state.weights =
          with_means_folded(state.graph, state.weights, selection.cut, dataset, settings, own_seed);
    apply(state, selection.cut, settings.rescale_attention);
    result.after = selection.cost;
    if (hooks.retrain && step < settings.steps)
      state.weights = hooks.retrain(state.spec, std::move(state.weights), step);
    if (hooks.on_step) hooks.on_step(step, settings.steps);
  }
  std::move(rows).finish(state, result);
  result.spec = std::move(state.spec);
  result.weights = std::move(state.weights);
  return result;
}

architecture::ModelSpec rounded_to_multiples(const PruneResult& result, graph::Index multiple) {
  const graph::Graph graph = architecture::build_graph(result.spec);
  graph::KeptUnits sizes(graph.axes.size());  // resize_spec() reads how many units there are
  for (const PrunedAxis& row : result.axes) {
    if (!row.left.valid() || row.kind == graph::axis_kind_name(graph::AxisKind::kHead)) continue;
    const graph::Index copies = graph.axis(row.left).copies;
    const graph::Index own = multiple / std::gcd(multiple, copies),
                       left = graph.axis(row.left).size;
    if (left == row.size || row.size < own) continue;
    sizes[row.left] = all_units(nearest_multiple(left, own, row.size));
  }
  return architecture::resize_spec(result.spec, graph, sizes);
}

}  // namespace vitlab::prune
