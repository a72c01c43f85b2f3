#include "architecture/cost_counter.h"

#include <algorithm>
#include <string>

namespace vitlab::architecture {

namespace {

void combine(std::size_t& hash, graph::Index value) {
  hash ^= static_cast<std::size_t>(value) + 0x9e3779b97f4a7c15ULL + (hash << 6) + (hash >> 2);
}

/// `parts` axes whose sizes sum to `channels`, as the stage that made the value laid them out.
graph::Extent scratch_extent(graph::Graph& graph, graph::Index channels, graph::Index parts) {
  const graph::AxisId axis = graph.add_axis({.field = "width",
                                             .index = 0,
                                             .kind = graph::AxisKind::kEmbedding,
                                             .size = channels / parts});
  return graph::Extent(static_cast<std::size_t>(parts), axis);
}

bool keeps_embedding(graph::LayerRole role) {
  return role == graph::LayerRole::kAttention || role == graph::LayerRole::kFfn ||
         role == graph::LayerRole::kTokenMixer || role == graph::LayerRole::kNorm;
}

}  // namespace

std::size_t CostCounter::KeyHash::operator()(const KeyView& key) const {
  std::size_t hash = layers::layer_hash(key.layer);
  for (const graph::Index size : key.input.shape) combine(hash, size);
  for (const graph::Index stride : key.input.strides) combine(hash, stride);
  combine(hash, key.input.parts);
  combine(hash, key.input.width);
  combine(hash, key.input.splits);
  return hash;
}

CostCounter::Entry CostCounter::count_alone(const layers::Layer& layer, const Input& input,
                                            const char* where) const {
  graph::Graph graph;
  graph.values.reserve(128);
  graph.nodes.reserve(128);
  graph.parameters.reserve(128);
  const graph::Extent channels = scratch_extent(graph, input.shape[input.channel_dim], input.parts);
  graph.input = graph.add_value({input.shape, true, input.channel_dim, channels});
  const layers::LayerProblems problems =
      layers::layer_problems(layer, graph.value(graph.input), input.width);
  if (!problems.empty())
    throw core::UserError(std::string(where) + "." + std::string(layers::layer_kind(layer)) +
                          (problems[0].field.empty() ? "" : "." + problems[0].field) + " " +
                          problems[0].message);
  const graph::LayerRole role = layers::layer_role(layer);
  const graph::Extent out = keeps_embedding(role) ? channels
                            : input.width > 0     ? scratch_extent(graph, input.width, input.splits)
                                                  : graph::Extent{};
  const graph::LayerId id = graph.layers.push_back({where, layers::layer_kind(layer), role, 0});
  graph::LayerWriter writer(graph, id, /*keeps_names=*/false);
  const graph::ValueId y = layers::write_layer(layer, writer, graph.input, out);
  graph.outputs.push_back({"", y});

  const graph::Layout layout = graph::lay_out(graph, &input.strides);
  const graph::MemoryPlan plan = graph::plan_memory(graph, layout, batch_, !input.is_image);
  Entry entry{graph::layer_costs(graph, layout, plan, batch_).front(), {}};
  const graph::Value& value = graph.value(y);
  entry.output.shape = value.shape;
  entry.output.strides = layout.strides[y];
  entry.output.channel_dim = value.channel_dim;
  entry.output.parts = std::max<graph::Index>(1, static_cast<graph::Index>(value.channels.size()));
  return entry;
}

const CostCounter::Entry& CostCounter::entry(const layers::Layer& layer, const Input& input,
                                             const char* where) {
  const auto found = entries_.find(KeyView(layer, input));
  if (found != entries_.end()) return found->second;
  // A sweep over very many shapes must not grow without bound.
  if (entries_.size() > 200'000) entries_.clear();
  return entries_.emplace(Key{layer, input}, count_alone(layer, input, where)).first->second;
}

graph::Cost CostCounter::count(const ModelSpec& spec) {
  const bool misfits = !size_problems(spec).empty();
  // Heads share their input, which one chain of layers cannot say; a misfit gets its full message.
  if (misfits || spec.heads.size() != 1) return graph::graph_cost(build_graph(spec), batch_);

  graph::Cost total;
  Input x;
  x.shape = {1, spec.image.channels, spec.image.height, spec.image.width};
  x.strides = graph::dense_strides({2, spec.image.channels, spec.image.height, spec.image.width});
  x.is_image = true;
  const graph::Index image = batch_ * x.shape.elements();
  const auto step = [&](const layers::Layer& layer, const char* where) {
    const Entry& counted = entry(layer, x, where);
    graph::Cost cost = counted.cost;
    if (!x.is_image) cost.peak_elements += image;
    total += cost;
    const graph::Index width = x.width, splits = x.splits;
    x = counted.output;
    x.width = width;
    x.splits = splits;
  };
  for (std::size_t i = 0; i < spec.stages.size(); ++i) {
    const Stage& stage = spec.stages[i];
    x.width = stage.width;
    x.splits = stage_splits(stage);
    step(i == 0 ? spec.stem : *stage.downsample, i == 0 ? "stem" : "downsample");
    for (const layers::Layer& layer : stage.layers) step(layer, "layers");
  }
  x.width = 0;
  x.splits = 1;
  step(spec.heads.front(), "heads");
  return total;
}

}  // namespace vitlab::architecture
