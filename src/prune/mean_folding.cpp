#include "prune/mean_folding.h"

#include <algorithm>
#include <optional>

#include <c10/core/GradMode.h>

#include "prune/scoring_batches.h"

namespace vitlab {

namespace {

/// Removed units of one FFN, and where their means go.
struct Folding {
  ValueId hidden = kUnset;        // the activations
  std::vector<Index> removed;     // units of them
  ParameterId weight = kUnset;    // reads them: (out, hidden) or (out, hidden, 1, 1)
  ParameterId constant = kUnset;  // takes weight · means
  double sign = 1;                // a bias gains, a running mean loses
};

const Node* only_reader(const Graph& graph, ValueId value) {
  const Node* reader = nullptr;
  for (const Node& node : graph.nodes) {
    if (std::find(node.inputs.begin(), node.inputs.end(), value) == node.inputs.end()) continue;
    if (reader) return nullptr;
    reader = &node;
  }
  return reader;
}

std::optional<Folding> folding_at(const Graph& graph, ValueId hidden) {
  const Node* reader = only_reader(graph, hidden);
  if (!reader) return std::nullopt;
  const auto* convolution = std::get_if<Convolution>(&reader->op);
  if (!convolution && !std::holds_alternative<Linear>(reader->op)) return std::nullopt;
  const ParameterId weight = reader->parameters[0];
  const Shape& shape = graph.parameter(weight).shape;
  if (shape.elements() != shape[0] * shape[1]) return std::nullopt;  // not pointwise
  if (reader->parameters.size() > 1) return Folding{hidden, {}, weight, reader->parameters[1], 1};
  const Node* norm = only_reader(graph, reader->output);
  if (!norm || !std::holds_alternative<BatchNorm>(norm->op)) return std::nullopt;
  return Folding{hidden, {}, weight, norm->parameters[2], -1};
}

std::vector<Index> removed_units(const Graph& graph, const ModelCut& cut, AxisId axis) {
  std::vector<Index> removed;
  const std::vector<Index> left = units_left(graph, cut.kept, axis);
  for (Index unit = 0; unit < graph.axis(axis).size; ++unit)
    if (!std::binary_search(left.begin(), left.end(), unit)) removed.push_back(unit);
  return removed;
}

std::vector<Folding> foldings(const Graph& graph, const ModelCut& cut) {
  std::vector<Folding> found;
  for (const ValueId gate : graph.gates) {
    const Value& value = graph.value(gate);
    if (!value.batched || value.channels.size() != 1) continue;
    const Axis& axis = graph.axis(value.channels[0]);
    if (axis.kind != AxisKind::kHidden || cut.left_out[static_cast<std::size_t>(axis.layer)])
      continue;
    std::vector<Index> removed = removed_units(graph, cut, value.channels[0]);
    if (removed.empty()) continue;
    auto folding = folding_at(graph, gate);
    if (!folding) continue;
    folding->removed = std::move(removed);
    found.push_back(std::move(*folding));
  }
  return found;
}

/// The mean of each channel over images and places.
at::Tensor channel_means(const at::Tensor& activations, int channel_dim) {
  return activations.transpose(0, channel_dim).flatten(1).mean(1);
}

}  // namespace

Weights with_means_folded(const Graph& graph, const Weights& weights, const ModelCut& cut,
                          const Dataset& dataset, const PruneSettings& settings,
                          std::uint64_t seed) {
  const std::vector<Folding> places = foldings(graph, cut);
  if (places.empty()) return weights;
  const c10::NoGradGuard no_grad;
  Graph probe = graph;  // whose answers are the activations
  probe.outputs.clear();
  for (const Folding& folding : places) probe.outputs.push_back({"", folding.hidden});
  const Executor executor(std::move(probe));
  std::vector<at::Tensor> means(places.size());
  for_each_scoring_batch(
      graph, dataset, settings, seed, [&](const at::Tensor& images, const at::Tensor&) {
        const RunResult result = executor.run(weights, images);
        for (std::size_t i = 0; i < places.size(); ++i) {
          const at::Tensor mean =
              channel_means(result.outputs[i], graph.value(places[i].hidden).channel_dim);
          means[i] = means[i].defined() ? means[i] + mean : mean;
        }
      });
  Weights folded = weights;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Folding& place = places[i];
    const at::Tensor mean = means[i] / static_cast<double>(settings.batches);
    const at::Tensor index = at::tensor(place.removed, at::kLong).to(mean.device());
    const at::Tensor columns = weights[place.weight].flatten(1).index_select(1, index);
    const at::Tensor lost = at::mv(columns, mean.index_select(0, index));
    at::Tensor& constant = folded.tensors[static_cast<std::size_t>(place.constant)];
    constant = constant + place.sign * lost;
  }
  return folded;
}

}  // namespace vitlab
