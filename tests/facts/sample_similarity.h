#pragma once

#include <string>

#include "messages/similarity_answer.h"

namespace vitlab::facts {

/// What `similarity` gives of a model of three layers with 4 heads each; heads 0 and 1 are `alike`,
/// the others less so.
inline messages::SimilarityAnswer sample_similarity(double alike) {
  messages::SimilarityAnswer answer;
  answer.model = "m";
  answer.weights = "model.safetensors";
  answer.images = 8;
  for (int stage = 0; stage < 3; ++stage) {
    const double most = alike + 0.05 * stage;
    messages::LayerHeads layer{.layer = "stages." + std::to_string(stage) + ".layers.2",
                               .heads = 4,
                               .queries = 16,
                               .keys = 16};
    const auto metric = [&](const char* name, double value, bool has_null) {
      messages::HeadMetric row{.value = value, .low = value - 0.01, .high = value + 0.01};
      if (has_null) row.null_value = value - 0.1;
      row.control = messages::ControlValue{.value = value - 0.2};
      layer.metrics.emplace_back(name, row);
    };
    metric("head_cosine.max_max.map", most, true);
    metric("head_cosine.mean_max.map", most - 0.05, true);
    metric("head_cosine.mean_mean.map", most - 0.1, true);
    metric("effective_heads", 4 - most, false);
    layer.per_head.emplace_back("gate_importance", std::vector<double>{0.1, 0.2, 0.3, 0.9});
    messages::NumberRows matrix(4);
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j)
        matrix[static_cast<std::size_t>(i)].push_back(i == j ? 1.0 : i + j == 1 ? most : 0.1);
    layer.pairs.emplace_back("map", matrix);
    answer.layers.push_back(layer);
  }
  return answer;
}

}  // namespace vitlab::facts
