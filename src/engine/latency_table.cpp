#include "engine/latency_table.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "graph/cost.h"
#include "profile/profile.h"
#include "prune/candidates.h"

namespace vitlab::engine {

namespace {

/// Operations that a core does while it moves one float32 element: a round number, since only the
/// proportions of layers of one kind matter.
constexpr double kOperationsPerElement = 20;

double work_on_paper(const graph::Cost& cost) {
  return std::max(static_cast<double>(cost.flops),
                  kOperationsPerElement * static_cast<double>(cost.elements_moved));
}

/// The model with `share` of the units of every axis that pruning may cut.
architecture::ModelSpec shrunk(const architecture::ModelSpec& spec,
                               const sweep::PruneSettings& settings, double share) {
  const graph::Graph graph = architecture::build_graph(spec);
  const core::IdVector<graph::AxisId, bool> axes = prune::prunable_axes(graph, settings);
  graph::KeptUnits kept(graph.axes.size());
  for (const graph::AxisId a : axes.ids()) {
    if (!axes[a]) continue;
    kept[a].emplace();
    const auto size = static_cast<double>(graph.axes[a].size);
    for (graph::Index unit = 0; unit < std::max<graph::Index>(1, std::llround(size * share));
         ++unit)
      kept[a]->push_back(unit);
  }
  return architecture::resize_spec(spec, graph, kept);
}

struct Point {
  double work = 0;
  double seconds = 0;
};

/// Least squares; through the origin where a straight line would fall, or start below zero.
std::pair<double, double> fitted(const std::vector<Point>& points) {
  const auto n = static_cast<double>(points.size());
  double work = 0, seconds = 0;
  for (const Point& point : points) {
    work += point.work / n;
    seconds += point.seconds / n;
  }
  double spread = 0, together = 0;
  for (const Point& point : points) {
    spread += (point.work - work) * (point.work - work);
    together += (point.work - work) * (point.seconds - seconds);
  }
  const double slope = spread > 0 ? together / spread : 0;
  const double fixed = seconds - slope * work;
  if (slope > 0 && fixed >= 0) return {fixed, slope};
  return {0, seconds / work};
}

}  // namespace

LatencyTable::LatencyTable(const architecture::ModelSpec& spec,
                           const sweep::PruneSettings& settings, const sweep::Protocol& protocol)
    : protocol_(protocol) {
  protocol_.warmup_seconds = std::min(protocol.warmup_seconds, 0.1);
  protocol_.timed_seconds = std::min(protocol.timed_seconds, 0.3);
  std::map<Key, std::vector<Point>> points;
  for (const double share : {1.0, 0.75, 0.5, 0.25}) {
    const profile::NamedGraph model =
        profile::untrained_model("shrunk", shrunk(spec, settings, share));
    const profile::ProfileResult profile = profile::profile_model(model, protocol_);
    if (profile.out_of_memory)
      throw core::Failure("memory ran out while latency was measured: " + *profile.out_of_memory);
    std::map<std::string, double> by_layer;
    double all = 0;
    for (const profile::OpRow& row : profile.ops) {
      by_layer[row.layer] += row.seconds;
      all += row.seconds;
    }
    // What the observer adds, and what runs between the ops, belongs to no layer.
    const double factor = profile.speed.latency_ms.median / 1e3 / all;
    const core::IdVector<graph::LayerId, graph::Cost> costs = graph::layer_costs(model.graph);
    for (const graph::LayerId i : costs.ids()) {
      const graph::LayerInfo& layer = model.graph.layers[i];
      points[{layer.stage, std::string(layer.kind)}].push_back(
          {work_on_paper(costs[i]), factor * by_layer[layer.path]});
    }
  }
  for (const auto& [key, of_kind] : points) {
    const auto [fixed, slope] = fitted(of_kind);
    lines_[key] = {fixed, slope, static_cast<int>(of_kind.size())};
  }
}

double LatencyTable::seconds(const architecture::ModelSpec& spec) const {
  const graph::Graph graph = architecture::build_graph(spec);
  const core::IdVector<graph::LayerId, graph::Cost> costs = graph::layer_costs(graph);
  double sum = 0;
  for (const graph::LayerId i : costs.ids()) {
    const auto found = lines_.find({graph.layers[i].stage, std::string(graph.layers[i].kind)});
    core::ensure(found != lines_.end(), "a cut model has layers of the kinds that were measured");
    sum += found->second.fixed + found->second.slope * work_on_paper(costs[i]);
  }
  return sum;
}

messages::LatencyEstimates LatencyTable::lines() const {
  messages::LatencyEstimates estimates{.protocol = protocol_};
  for (const auto& [key, line] : lines_)
    estimates.layers.push_back({key.first, key.second, 1e3 * line.fixed, line.points});
  return estimates;
}

}  // namespace vitlab::engine
