#pragma once

#include <string>

#include "core/json.h"

namespace vitlab::report {

/// What `similarity --json` prints of a model of three layers with 4 heads each; heads 0 and 1 are
/// `alike`, the others less so.
inline core::Json sample_similarity(double alike) {
  core::Json document{{"model", "m"}, {"weights", "model.safetensors"}, {"images", 8}};
  document["layers"] = core::Json::array();
  for (int stage = 0; stage < 3; ++stage) {
    const double most = alike + 0.05 * stage;
    core::Json layer{{"layer", "stages." + std::to_string(stage) + ".layers.2"},
                     {"heads", 4},
                     {"queries", 16},
                     {"keys", 16}};
    const auto metric = [&](const char* name, double value, bool has_null) {
      layer["metrics"][name] = {{"value", value},
                                {"low", value - 0.01},
                                {"high", value + 0.01},
                                {"null", has_null ? core::Json(value - 0.1) : core::Json(nullptr)},
                                {"control", {{"value", value - 0.2}}}};
    };
    metric("head_cosine.max_max.map", most, true);
    metric("head_cosine.mean_max.map", most - 0.05, true);
    metric("head_cosine.mean_mean.map", most - 0.1, true);
    metric("effective_heads", 4 - most, false);
    layer["per_head"]["gate_importance"] = {0.1, 0.2, 0.3, 0.9};
    core::Json matrix = core::Json::array();
    for (int i = 0; i < 4; ++i) {
      core::Json row = core::Json::array();
      for (int j = 0; j < 4; ++j) row.push_back(i == j ? 1.0 : i + j == 1 ? most : 0.1);
      matrix.push_back(row);
    }
    layer["pairs"]["map"] = matrix;
    document["layers"].push_back(layer);
  }
  return document;
}

}  // namespace vitlab::report
