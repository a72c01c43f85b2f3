#include "prune/cut.h"

#include <cmath>
#include <numeric>

#include "core/error.h"

namespace vitlab::prune {

namespace {

double mean_of(const layers::PerHead& sizes) {
  const double sum = std::accumulate(sizes.sizes.begin(), sizes.sizes.end(), 0.0);
  return sum / static_cast<double>(sizes.count());
}

/// Lets the scales of `after` follow QK; both hold the same layers.
void rescale(const architecture::ModelSpec& before, architecture::ModelSpec& after) {
  for (std::size_t s = 0; s < after.stages.size(); ++s) {
    for (std::size_t i = 0; i < after.stages[s].layers.size(); ++i) {
      std::visit(
          [&](auto& layer) {
            using Kind = std::decay_t<decltype(layer)>;
            if constexpr (requires { layer.scale, layer.qk; }) {
              const auto& old = std::get<Kind>(before.stages[s].layers[i]);
              const double was = mean_of(old.qk), is = mean_of(layer.qk);
              if (was != is) layer.scale *= std::sqrt(was / is);
            }
          },
          after.stages[s].layers[i]);
    }
  }
}

bool is_left(const graph::Graph& graph, const ModelCut& cut, const graph::Axis& axis) {
  if (axis.layer.valid() && cut.left_out[axis.layer]) return false;
  if (!axis.owner.valid()) return true;
  for (const graph::Index unit : model::units_left(graph, cut.kept, axis.owner))
    if (unit == axis.owner_unit) return true;
  return false;
}

}  // namespace

architecture::ModelSpec cut_spec(const architecture::ModelSpec& spec, const graph::Graph& graph,
                                 const ModelCut& cut, bool rescale_attention) {
  architecture::ModelSpec result = architecture::resize_spec(spec, graph, cut.kept);
  if (rescale_attention) rescale(spec, result);
  // Layers are written in the order of the spec: the first of a stage is its stem or downsample.
  graph::LayerId id(0);
  for (architecture::Stage& stage : result.stages) {
    core::ensure(!cut.left_out[id], "what begins a stage stays");
    id = next(id);
    std::vector<layers::Layer> left;
    for (layers::Layer& layer : stage.layers) {
      if (!cut.left_out[id]) left.push_back(std::move(layer));
      id = next(id);
    }
    stage.layers = std::move(left);
  }
  return result;
}

model::Weights cut_weights(const graph::Graph& graph, const model::Weights& weights,
                           const ModelCut& cut) {
  model::Weights sliced = model::slice_weights(graph, weights, cut.kept);
  model::Weights result;
  for (const graph::ParameterId p : graph.parameters.ids())
    if (!cut.left_out[graph.parameters[p].layer]) result.tensors.push_back(std::move(sliced[p]));
  return result;
}

std::vector<graph::AxisId> axes_left(const graph::Graph& graph, const ModelCut& cut) {
  std::vector<graph::AxisId> left;
  for (const graph::AxisId a : graph.axes.ids())
    if (is_left(graph, cut, graph.axes[a])) left.push_back(a);
  return left;
}

std::vector<graph::LayerId> layers_left(const graph::Graph& graph, const ModelCut& cut) {
  std::vector<graph::LayerId> left;
  for (const graph::LayerId i : graph.layers.ids())
    if (!cut.left_out[i]) left.push_back(i);
  return left;
}

}  // namespace vitlab::prune
