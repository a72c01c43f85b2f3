#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "model/small_models.h"
#include "prune/pruner.h"
#include "spec/presets.h"

namespace vitlab {

/// A model of a few thousand parameters for 16 x 16 images of 4 classes; a smooth one has no kinks.
inline ModelSpec prunable_spec(const std::string& mixer, bool smooth = false) {
  const std::string text =
      mixer == "vit"
          ? R"({"template": "vit", "image_size": 16, "classes": 4, "patch": 4, "width": 16,
                "depth": 2, "heads": 2})"
          : R"({"template": "efficientvit", "image_size": 16, "classes": 4, "stem_stride": 4,
                "widths": [16, 24], "depths": [1, 1], "heads": 2, "qk_dim": 8, "kernels": [3, 3],
                "window": 4, "mixer": ")" +
                mixer + (smooth ? R"(", "activation": "gelu"})" : "\"}");
  return expand_knobs(Json::parse(text), "test");
}

inline const std::vector<std::string>& prunable_mixers() {
  static const std::vector<std::string> mixers{"cascaded", "grouped", "full", "window", "vit"};
  return mixers;
}

inline const Dataset& few_images() {
  static const std::unique_ptr<Dataset> dataset =
      open_dataset(parse_data_spec("synthetic:classes=4,size=16,count=48,validation=0.1,test=0.1"));
  return *dataset;
}

/// Two batches of 16 images a round.
inline PruneSettings quick_settings() {
  PruneSettings settings;
  settings.batches = 2;
  settings.batch_size = 16;
  settings.steps = 2;
  settings.floor_qk = 2;
  settings.floor_v = 2;
  settings.floor_hidden = 4;
  return settings;
}

/// What `prune` cut, as units left by axis of the model that it started from.
inline KeptUnits kept_units(const Graph& graph, const PruneResult& result) {
  KeptUnits kept(graph.axes.size());
  for (std::size_t a = 0; a < graph.axes.size(); ++a)
    for (const PrunedAxis& axis : result.axes)
      if (axis.axis == graph.axis_name(static_cast<AxisId>(a)) &&
          static_cast<Index>(axis.kept.size()) < axis.size)
        kept[a] = axis.kept;
  return kept;
}

}  // namespace vitlab
