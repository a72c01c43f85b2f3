#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "architecture/presets.h"
#include "data/dataset.h"
#include "model/small_models.h"
#include "prune/pruner.h"

namespace vitlab::prune {

/// A model of a few thousand parameters for 16 x 16 images of 4 classes; a smooth one has no kinks.
inline architecture::ModelSpec prunable_spec(const std::string& mixer, bool smooth = false) {
  const std::string text =
      mixer == "vit"
          ? R"({"template": "vit", "image_size": 16, "classes": 4, "patch": 4, "width": 16,
                "depth": 2, "heads": 2})"
          : R"({"template": "efficientvit", "image_size": 16, "classes": 4, "stem_stride": 4,
                "widths": [16, 24], "depths": [1, 1], "heads": 2, "qk_dim": 8, "kernels": [3, 3],
                "window": 4, "mixer": ")" +
                mixer + (smooth ? R"(", "activation": "gelu"})" : "\"}");
  return architecture::expand_knobs(core::Json::parse(text), "test");
}

inline const std::vector<std::string>& prunable_mixers() {
  static const std::vector<std::string> mixers{"cascaded", "grouped", "full", "window", "vit"};
  return mixers;
}

/// A tiny model of each family for 16 x 16 images of 4 classes (32 x 32 for the convolutional ones,
/// which halve their maps five times).
inline const std::vector<std::pair<std::string, std::string>>& tiny_families() {
  static const std::vector<std::pair<std::string, std::string>> families{
      {"efficientvit", R"({"template": "efficientvit", "image_size": 16, "stem_stride": 4,
           "widths": [8, 12], "depths": [1, 1], "heads": 2, "qk_dim": 3, "kernels": [3, 3],
           "window": 4})"},
      {"vit", R"({"template": "vit", "image_size": 16, "patch": 4, "width": 12, "depth": 2,
           "heads": 3})"},
      {"swin", R"({"template": "swin", "image_size": 16, "patch": 2, "width": 8,
           "depths": [2, 1], "heads": [2, 4], "window": 4})"},
      {"swinv2", R"({"template": "swin", "version": 2, "image_size": 16, "patch": 2, "width": 8,
           "depths": [2, 1], "heads": [2, 4], "window": 4})"},
      {"mobilenet", R"({"template": "mobilenet", "image_size": 32, "width_scale": 0.1})"},
      {"mobilevit", R"({"template": "mobilevit", "image_size": 32, "stem_width": 4,
           "widths": [4, 6, 8], "depths": 1, "attention_widths": [8, 12], "blocks": [1, 2],
           "heads": 2, "features": 16})"},
      {"vmoe", R"({"template": "vit", "image_size": 16, "patch": 4, "width": 12, "depth": 4,
           "heads": 2, "experts": 3, "expert_layers": 1})"}};
  return families;
}

inline architecture::ModelSpec tiny_family(const std::string& knobs) {
  core::Json json = core::Json::parse(knobs);
  json["classes"] = 4;
  return architecture::expand_knobs(json, "test");
}

inline const data::Dataset& few_images() {
  static const std::unique_ptr<data::Dataset> dataset = data::open_dataset(
      data::parse_data_spec("synthetic:classes=4,size=16,count=48,validation=0.1,test=0.1"));
  return *dataset;
}

/// Two batches of 16 images a round.
inline sweep::PruneSettings quick_settings() {
  sweep::PruneSettings settings;
  settings.batches = 2;
  settings.batch_size = 16;
  settings.steps = 2;
  settings.floor_qk = 2;
  settings.floor_v = 2;
  settings.floor_hidden = 4;
  return settings;
}

/// Scores by the settings' criterion for what they name.
inline Scores scores_with(const model::SmallModel& model, const data::Dataset& dataset,
                          const sweep::PruneSettings& settings, std::uint64_t seed) {
  return scores_of({model.spec, model.executor, model.weights, dataset,
                    prune_candidates(model.spec, model.graph(), settings), settings, seed});
}

/// What `prune` cut, as units left by axis of the model that it started from.
inline graph::KeptUnits kept_units(const graph::Graph& graph, const PruneResult& result) {
  graph::KeptUnits kept(graph.axes.size());
  for (const graph::AxisId a : graph.axes.ids())
    for (const PrunedAxis& axis : result.axes)
      if (axis.axis == graph.axis_name(a) &&
          static_cast<graph::Index>(axis.kept.size()) < axis.size)
        kept[a] = axis.kept;
  return kept;
}

}  // namespace vitlab::prune
