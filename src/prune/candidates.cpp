#include "prune/candidates.h"

#include <algorithm>
#include <set>

#include "core/error.h"

namespace vitlab::prune {

namespace {

bool names(const sweep::PruneSettings& settings, std::string_view kind) {
  return std::find(settings.axes.begin(), settings.axes.end(), kind) != settings.axes.end();
}

/// Axes that a gate stands for; a head's is that of its V, which scales its output alike.
core::IdVector<graph::AxisId, bool> gated_axes(const graph::Graph& graph) {
  core::IdVector<graph::AxisId, bool> gated(graph.axes.size(), false);
  for (const graph::ValueId value : graph.gates)
    for (const graph::AxisId axis : graph.value(value).channels) gated[axis] = true;
  for (const graph::AxisId a : gated.ids()) {
    const graph::Axis& axis = graph.axes[a];
    if (gated[a] && axis.kind == graph::AxisKind::kV && axis.owner.valid())
      gated[axis.owner] = true;
  }
  return gated;
}

/// Whether the stage keeps its splits without the layer.
bool keeps_splits(const architecture::ModelSpec& spec, std::size_t stage, std::size_t layer) {
  architecture::Stage without = spec.stages[stage];
  without.layers.erase(without.layers.begin() + static_cast<std::ptrdiff_t>(layer));
  return architecture::stage_splits(without) == architecture::stage_splits(spec.stages[stage]);
}

core::IdVector<graph::LayerId, bool> prunable_layers(const architecture::ModelSpec& spec,
                                                     const graph::Graph& graph,
                                                     const sweep::PruneSettings& settings) {
  core::IdVector<graph::LayerId, bool> selected(graph.layers.size(), false);
  if (!names(settings, sweep::kLayerAxis)) return selected;
  const bool embedding = names(settings, graph::axis_kind_name(graph::AxisKind::kEmbedding));
  graph::LayerId id(0);
  for (std::size_t s = 0; s < spec.stages.size(); ++s) {
    id = next(id);  // the stem or the downsample
    for (std::size_t i = 0; i < spec.stages[s].layers.size(); ++i, id = next(id))
      selected[id] = graph.residual_branch(id).valid() && (!embedding || keeps_splits(spec, s, i));
  }
  return selected;
}

/// Why a named kind gives nothing.
std::string lack_of(const graph::Graph& graph, const std::string& kind) {
  std::set<std::string> reasons;
  bool exists = false;
  for (const graph::Axis& axis : graph.axes) {
    if (graph::axis_kind_name(axis.kind) != kind) continue;
    exists = true;
    if (axis.held && axis.held_by.valid())
      reasons.insert("held by " + std::string(graph.layer(axis.held_by).kind) + ", since " +
                     std::string(axis.held_why));
  }
  if (kind == sweep::kLayerAxis) return "no layer adds a branch to its input";
  if (!exists) return "the model has none";
  if (reasons.empty()) return "each is down to one unit";
  std::string text;
  for (const std::string& reason : reasons) text += (text.empty() ? "" : "; ") + reason;
  return text;
}

/// The kinds that the model could be pruned along.
std::string offered_kinds(const graph::Graph& graph) {
  const core::IdVector<graph::AxisId, bool> gated = gated_axes(graph);
  std::set<std::string> kinds;
  for (const graph::AxisId a : gated.ids())
    if (gated[a] && !graph.axes[a].held && graph.axes[a].size > 1)
      kinds.emplace(graph::axis_kind_name(graph.axes[a].kind));
  std::string text;
  for (const std::string& kind : kinds) text += (text.empty() ? "" : ", ") + kind;
  return text;
}

}  // namespace

bool Candidates::none() const {
  return std::find(axes.begin(), axes.end(), true) == axes.end() &&
         std::find(layers.begin(), layers.end(), true) == layers.end();
}

core::IdVector<graph::AxisId, bool> prunable_axes(const graph::Graph& graph,
                                                  const sweep::PruneSettings& settings) {
  const core::IdVector<graph::AxisId, bool> gated = gated_axes(graph);
  core::IdVector<graph::AxisId, bool> selected(graph.axes.size(), false);
  for (const graph::AxisId a : selected.ids()) {
    const graph::Axis& axis = graph.axes[a];
    selected[a] = names(settings, graph::axis_kind_name(axis.kind)) && gated[a] && !axis.held &&
                  axis.size > 1;
  }
  return selected;
}

Candidates prune_candidates(const architecture::ModelSpec& spec, const graph::Graph& graph,
                            const sweep::PruneSettings& settings) {
  return {prunable_axes(graph, settings), prunable_layers(spec, graph, settings)};
}

void require_candidates(const graph::Graph& graph, const sweep::PruneSettings& settings,
                        const Candidates& candidates) {
  if (!candidates.none()) return;
  std::string message = "the model has no axis to prune among [" + axes_text(settings) + "]";
  for (const std::string& kind : settings.axes)
    message += "\n  " + kind + ": " + lack_of(graph, kind);
  const std::string offered = offered_kinds(graph);
  if (!offered.empty()) message += "\n  it can be pruned along: " + offered;
  throw core::UserError(message);
}

std::string axes_text(const sweep::PruneSettings& settings) {
  std::string text;
  for (const std::string& axis : settings.axes) text += (text.empty() ? "" : ", ") + axis;
  return text;
}

}  // namespace vitlab::prune
