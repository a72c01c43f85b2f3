#include "architecture/model_spec.h"

#include <algorithm>
#include <numeric>

namespace vitlab::architecture {

namespace {

std::string stage_path(std::size_t stage) { return "stages[" + std::to_string(stage) + "]"; }

void check_stage(const ModelSpec& spec, std::size_t i, std::vector<SpecProblem>& problems) {
  const Stage& stage = spec.stages[i];
  if (stage.width < 1 || stage.width > (graph::Index{1} << 20)) {
    problems.push_back(
        {stage_path(i), "width", "must lie in 1..1048576, got " + std::to_string(stage.width)});
    return;
  }
  if (i == 0 && stage.downsample)
    problems.push_back({stage_path(i), "downsample", "belongs to the stages after the first"});
  if (i > 0 && !stage.downsample) problems.push_back({stage_path(i), "downsample", "is missing"});
  if (stage.downsample && layers::layer_role(*stage.downsample) != graph::LayerRole::kDownsample)
    problems.push_back({stage_path(i) + ".downsample",
                        std::string(layers::layer_kind(*stage.downsample)),
                        "does not lead from one width to another"});
  for (std::size_t j = 0; j < stage.layers.size(); ++j) {
    const graph::LayerRole role = layers::layer_role(stage.layers[j]);
    if (role == graph::LayerRole::kStem || role == graph::LayerRole::kHead)
      problems.push_back(
          {stage_path(i) + ".layers[" + std::to_string(j) + "]",
           std::string(layers::layer_kind(stage.layers[j])),
           role == graph::LayerRole::kStem ? "belongs under stem" : "belongs under heads"});
  }
  const graph::Index splits = stage_splits(stage);
  if (stage.width % splits != 0)
    problems.push_back({stage_path(i), "width",
                        std::to_string(stage.width) + " is not divisible by " +
                            std::to_string(splits) +
                            ", the equal splits that the stage's heads need"});
}

/// Writes a spec into a graph layer by layer, checking each against what came before it.
class SpecWriter {
 public:
  SpecWriter(const ModelSpec& spec, bool keeps_names) : spec_(spec), keeps_names_(keeps_names) {}

  /// Stops at the first layer that does not fit, since what follows depends on its output.
  bool write_all() {
    problems_ = size_problems(spec_);
    if (!problems_.empty()) return false;
    const graph::AxisId image = graph_.add_axis({.field = "channels",
                                                 .kind = graph::AxisKind::kImage,
                                                 .size = spec_.image.channels,
                                                 .held = true,
                                                 .held_why = "the images decide it"});
    x_ = graph_.add_value(
        {{1, spec_.image.channels, spec_.image.height, spec_.image.width}, true, 1, {image}});
    graph_.input = x_;
    for (std::size_t i = 0; i < spec_.stages.size(); ++i)
      if (!write_stage(i)) return false;
    return write_heads();
  }

  graph::Graph take_graph() { return std::move(graph_); }
  std::vector<SpecProblem> take_problems() { return std::move(problems_); }

 private:
  bool write_stage(std::size_t i) {
    const Stage& stage = spec_.stages[i];
    const graph::Index splits = stage_splits(stage);
    const graph::AxisId split = graph_.add_axis({.field = "width",
                                                 .index = static_cast<std::int32_t>(i),
                                                 .kind = graph::AxisKind::kEmbedding,
                                                 .size = stage.width / splits,
                                                 .copies = splits});
    const graph::Extent embedding(static_cast<std::size_t>(splits), split);
    const auto stage_index = static_cast<std::int32_t>(i);
    if (i == 0) {
      if (!write_one(spec_.stem, "stem", "stem", 0, stage.width, embedding)) return false;
    } else if (!write_one(*stage.downsample, "stages." + std::to_string(i) + ".downsample",
                          stage_path(i) + ".downsample", stage_index, stage.width, embedding)) {
      return false;
    }
    for (std::size_t j = 0; j < stage.layers.size(); ++j) {
      const std::string number = std::to_string(j);
      if (!write_one(stage.layers[j], "stages." + std::to_string(i) + ".layers." + number,
                     stage_path(i) + ".layers[" + number + "]", stage_index, stage.width,
                     embedding))
        return false;
    }
    return true;
  }

  /// What begins the residual stream of a stage, or replaces it, is gated like what adds to it.
  void gate_stream() {
    const graph::LayerId layer(graph_.layers.size() - 1);
    if (!graph_.residual_branch(layer).valid()) graph_.gates.push_back(x_);
  }

  bool write_heads() {
    const graph::ValueId features = x_;
    for (std::size_t i = 0; i < spec_.heads.size(); ++i) {
      const std::string number = std::to_string(i);
      x_ = features;
      if (!write_one(spec_.heads[i], "heads." + number, "heads[" + number + "]", graph::kUnset, 0,
                     {}))
        return false;
      graph_.outputs.push_back({i == 0 ? "logits" : "logits." + number, x_});
    }
    return true;
  }

  bool write_one(const layers::Layer& layer, const std::string& path, const std::string& yaml_path,
                 std::int32_t stage, graph::Index width, const graph::Extent& embedding) {
    const layers::LayerProblems found = layers::layer_problems(layer, graph_.value(x_), width);
    for (const layers::LayerProblem& p : found) {
      const std::string kind(layers::layer_kind(layer));
      problems_.push_back({yaml_path, p.field.empty() ? kind : kind + "." + p.field, p.message});
    }
    if (!found.empty()) return false;
    const graph::LayerId id = graph_.layers.push_back(
        {path, layers::layer_kind(layer), layers::layer_role(layer), stage});
    graph::LayerWriter writer(graph_, id, keeps_names_);
    try {
      x_ = layers::write_layer(layer, writer, x_, embedding);
    } catch (const graph::TooLarge& reason) {
      problems_.push_back({yaml_path, std::string(layers::layer_kind(layer)), reason.what()});
      return false;
    }
    if (width > 0) gate_stream();
    return true;
  }

  const ModelSpec& spec_;
  bool keeps_names_;
  graph::Graph graph_;
  graph::ValueId x_;
  std::vector<SpecProblem> problems_;
};

}  // namespace

std::string SpecProblem::text() const {
  return (field.empty() ? path : path + "." + field) + " " + message;
}

graph::Index stage_splits(const Stage& stage) {
  graph::Index splits = 1;
  for (const layers::Layer& layer : stage.layers) {
    splits = std::lcm(splits, std::max<graph::Index>(1, layers::splits_needed(layer)));
    if (splits > stage.width) break;  // no width is divisible by more; and lcm must not overflow
  }
  return splits;
}

std::vector<SpecProblem> size_problems(const ModelSpec& spec) {
  std::vector<SpecProblem> problems;
  const auto within = [&](const char* field, graph::Index size, graph::Index limit) {
    if (size >= 1 && size <= limit) return;
    problems.push_back(
        {"image", field,
         "must lie in 1.." + std::to_string(limit) + ", got " + std::to_string(size)});
  };
  within("channels", spec.image.channels, 1024);
  within("height", spec.image.height, 16384);
  within("width", spec.image.width, 16384);
  if (spec.stages.empty()) problems.push_back({"stages", "", "must hold at least one stage"});
  if (spec.heads.empty()) problems.push_back({"heads", "", "must hold at least one head"});
  if (layers::layer_role(spec.stem) != graph::LayerRole::kStem)
    problems.push_back({"stem", "", "must be a stem layer"});
  for (std::size_t i = 0; i < spec.stages.size(); ++i) check_stage(spec, i, problems);
  for (std::size_t i = 0; i < spec.heads.size(); ++i)
    if (layers::layer_role(spec.heads[i]) != graph::LayerRole::kHead)
      problems.push_back({"heads[" + std::to_string(i) + "]", "", "must be a head layer"});
  return problems;
}

std::vector<SpecProblem> spec_problems(const ModelSpec& spec) {
  SpecWriter writer(spec, /*keeps_names=*/false);
  writer.write_all();
  return writer.take_problems();
}

graph::Graph build_graph(const ModelSpec& spec) {
  SpecWriter writer(spec, /*keeps_names=*/true);
  if (writer.write_all()) return writer.take_graph();
  std::string message = "the model cannot be built";
  for (const SpecProblem& problem : writer.take_problems()) message += "\n  " + problem.text();
  throw core::UserError(message);
}

bool has_experts(const ModelSpec& spec) {
  for (const Stage& stage : spec.stages)
    for (const layers::Layer& layer : stage.layers)
      if (layers::layer_counts(layer).has_experts) return true;
  return false;
}

double mhsa_share(const ModelSpec& spec) {
  graph::Index attention = 0, ffn = 0;
  for (const Stage& stage : spec.stages) {
    for (const layers::Layer& layer : stage.layers) {
      const layers::LayerCounts counts = layers::layer_counts(layer);
      attention += counts.attention;
      ffn += counts.ffn;
    }
  }
  return attention + ffn == 0
             ? 0
             : static_cast<double>(attention) / static_cast<double>(attention + ffn);
}

namespace {

/// The layer of a spec that graph.layers[id] was written from; the order of writing is fixed.
core::IdVector<graph::LayerId, layers::Layer*> layers_in_order(ModelSpec& spec) {
  core::IdVector<graph::LayerId, layers::Layer*> layers;
  layers.push_back(&spec.stem);
  for (Stage& stage : spec.stages) {
    if (stage.downsample) layers.push_back(&*stage.downsample);
    for (layers::Layer& layer : stage.layers) layers.push_back(&layer);
  }
  for (layers::Layer& head : spec.heads) layers.push_back(&head);
  return layers;
}

}  // namespace

ModelSpec with_classes(ModelSpec spec, graph::Index classes) {
  for (layers::Layer& head : spec.heads)
    std::visit(
        [classes](auto& kind) {
          if constexpr (requires { kind.classes; }) kind.classes = classes;
        },
        head);
  return spec;
}

ModelSpec resize_spec(const ModelSpec& spec, const graph::Graph& graph,
                      const graph::KeptUnits& kept) {
  core::ensure(kept.size() == graph.axes.size(), "every axis of the graph has an entry");
  ModelSpec result = spec;
  const core::IdVector<graph::LayerId, layers::Layer*> layers = layers_in_order(result);
  for (const graph::AxisId a : graph.axes.ids()) {
    const graph::Axis& axis = graph.axis(a);
    if (!kept[a] || axis.kind == graph::AxisKind::kHead) continue;
    const auto size = static_cast<graph::Index>(kept[a]->size());
    core::ensure(size >= 1, "an axis keeps at least one unit");
    if (axis.kind == graph::AxisKind::kImage) {
      result.image.channels = size;
      continue;
    }
    if (axis.kind == graph::AxisKind::kEmbedding) {
      result.stages[static_cast<std::size_t>(axis.index)].width = size * axis.copies;
      continue;
    }
    layers::Layer& layer = *layers.at(axis.layer);
    layers::resize_layer(layer, axis.field, axis.index, size);
  }
  for (std::size_t i = 0; i < result.stages.size(); ++i) {
    const graph::Index before = spec.stages[i].width, after = result.stages[i].width;
    if (before == after) continue;
    if (i == 0) layers::follow_width(result.stem, before, after);
    for (layers::Layer& layer : result.stages[i].layers) layers::follow_width(layer, before, after);
  }
  for (const graph::AxisId a : graph.axes.ids()) {
    const graph::Axis& axis = graph.axis(a);
    if (kept[a] && axis.kind == graph::AxisKind::kHead)
      layers::keep_heads(*layers.at(axis.layer), *kept[a]);
  }
  return result;
}

}  // namespace vitlab::architecture
