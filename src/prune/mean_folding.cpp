#include "prune/mean_folding.h"

#include <algorithm>
#include <optional>

#include <c10/core/GradMode.h>

#include "prune/scoring_batches.h"

namespace vitlab::prune {

namespace {

/// Removed units of one FFN, and where their means go.
struct Folding {
  graph::ValueId hidden;              // the activations
  std::vector<graph::Index> removed;  // units of them
  graph::ParameterId weight;          // reads them: (out, hidden) or (out, hidden, 1, 1)
  graph::ParameterId constant;        // takes weight · means
  double sign = 1;                    // a bias gains, a running mean loses
};

const graph::Node* only_reader(const graph::Graph& graph, graph::ValueId value) {
  const graph::Node* reader = nullptr;
  for (const graph::Node& node : graph.nodes) {
    if (std::find(node.inputs.begin(), node.inputs.end(), value) == node.inputs.end()) continue;
    if (reader) return nullptr;
    reader = &node;
  }
  return reader;
}

std::optional<Folding> folding_at(const graph::Graph& graph, graph::ValueId hidden) {
  const graph::Node* reader = only_reader(graph, hidden);
  if (!reader) return std::nullopt;
  const auto* convolution = std::get_if<graph::Convolution>(&reader->op);
  if (!convolution && !std::holds_alternative<graph::Linear>(reader->op)) return std::nullopt;
  const graph::ParameterId weight = reader->parameters[0];
  const graph::Shape& shape = graph.parameter(weight).shape;
  if (shape.elements() != shape[0] * shape[1]) return std::nullopt;  // not pointwise
  if (reader->parameters.size() > 1) return Folding{hidden, {}, weight, reader->parameters[1], 1};
  const graph::Node* norm = only_reader(graph, reader->output);
  if (!norm || !std::holds_alternative<graph::BatchNorm>(norm->op)) return std::nullopt;
  return Folding{hidden, {}, weight, norm->parameters[2], -1};
}

std::vector<graph::Index> removed_units(const graph::Graph& graph, const ModelCut& cut,
                                        graph::AxisId axis) {
  std::vector<graph::Index> removed;
  const std::vector<graph::Index> left = model::units_left(graph, cut.kept, axis);
  for (graph::Index unit = 0; unit < graph.axis(axis).size; ++unit)
    if (!std::binary_search(left.begin(), left.end(), unit)) removed.push_back(unit);
  return removed;
}

std::vector<Folding> foldings(const graph::Graph& graph, const ModelCut& cut) {
  std::vector<Folding> found;
  for (const graph::ValueId gate : graph.gates) {
    const graph::Value& value = graph.value(gate);
    if (!value.batched || value.channels.size() != 1) continue;
    const graph::Axis& axis = graph.axis(value.channels[0]);
    if (axis.kind != graph::AxisKind::kHidden || cut.left_out[axis.layer]) continue;
    std::vector<graph::Index> removed = removed_units(graph, cut, value.channels[0]);
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

model::Weights with_means_folded(const graph::Graph& graph, const model::Weights& weights,
                                 const ModelCut& cut, const data::Dataset& dataset,
                                 const sweep::PruneSettings& settings, std::uint64_t seed) {
  const std::vector<Folding> places = foldings(graph, cut);
  if (places.empty()) return weights;
  const c10::NoGradGuard no_grad;
  graph::Graph probe = graph;  // whose answers are the activations
  probe.outputs.clear();
  for (const Folding& folding : places) probe.outputs.push_back({"", folding.hidden});
  const model::Executor executor(std::move(probe));
  std::vector<at::Tensor> means(places.size());
  for_each_scoring_batch(
      graph, dataset, settings, seed, [&](const at::Tensor& images, const at::Tensor&) {
        const model::RunResult result = executor.run(weights, images);
        for (std::size_t i = 0; i < places.size(); ++i) {
          const at::Tensor mean =
              channel_means(result.outputs[i], graph.value(places[i].hidden).channel_dim);
          means[i] = means[i].defined() ? means[i] + mean : mean;
        }
      });
  model::Weights folded = weights;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Folding& place = places[i];
    const at::Tensor mean = means[i] / static_cast<double>(settings.batches);
    const at::Tensor index = at::tensor(place.removed, at::kLong).to(mean.device());
    const at::Tensor columns = weights[place.weight].flatten(1).index_select(1, index);
    const at::Tensor lost = at::mv(columns, mean.index_select(0, index));
    at::Tensor& constant = folded[place.constant];
    constant = constant + place.sign * lost;
  }
  return folded;
}

}  // namespace vitlab::prune
