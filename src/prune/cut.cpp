#include "prune/cut.h"

#include <cmath>
#include <numeric>

#include "core/error.h"

namespace vitlab {

namespace {

double mean_of(const PerHead& sizes) {
  const double sum = std::accumulate(sizes.sizes.begin(), sizes.sizes.end(), 0.0);
  return sum / static_cast<double>(sizes.count());
}

/// Lets the scales of `after` follow QK; both hold the same layers.
void rescale(const ModelSpec& before, ModelSpec& after) {
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

bool is_left(const Graph& graph, const ModelCut& cut, const Axis& axis) {
  if (axis.layer != kUnset && cut.left_out[static_cast<std::size_t>(axis.layer)]) return false;
  if (axis.owner == kUnset) return true;
  for (const Index unit : units_left(graph, cut.kept, axis.owner))
    if (unit == axis.owner_unit) return true;
  return false;
}

}  // namespace

ModelSpec cut_spec(const ModelSpec& spec, const Graph& graph, const ModelCut& cut,
                   bool rescale_attention) {
  ModelSpec result = resize_spec(spec, graph, cut.kept);
  if (rescale_attention) rescale(spec, result);
  // Layers are written in the order of the spec: the first of a stage is its stem or downsample.
  std::size_t id = 0;
  for (Stage& stage : result.stages) {
    ensure(!cut.left_out[id], "what begins a stage stays");
    ++id;
    std::vector<Layer> left;
    for (Layer& layer : stage.layers)
      if (!cut.left_out[id++]) left.push_back(std::move(layer));
    stage.layers = std::move(left);
  }
  return result;
}

Weights cut_weights(const Graph& graph, const Weights& weights, const ModelCut& cut) {
  Weights sliced = slice_weights(graph, weights, cut.kept);
  Weights result;
  for (std::size_t p = 0; p < graph.parameters.size(); ++p)
    if (!cut.left_out[static_cast<std::size_t>(graph.parameters[p].layer)])
      result.tensors.push_back(std::move(sliced.tensors[p]));
  return result;
}

std::vector<AxisId> axes_left(const Graph& graph, const ModelCut& cut) {
  std::vector<AxisId> left;
  for (std::size_t a = 0; a < graph.axes.size(); ++a)
    if (is_left(graph, cut, graph.axes[a])) left.push_back(static_cast<AxisId>(a));
  return left;
}

std::vector<LayerId> layers_left(const Graph& graph, const ModelCut& cut) {
  std::vector<LayerId> left;
  for (std::size_t i = 0; i < graph.layers.size(); ++i)
    if (!cut.left_out[i]) left.push_back(static_cast<LayerId>(i));
  return left;
}

}  // namespace vitlab
