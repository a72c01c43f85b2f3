#pragma once

#include <string>
#include <utility>

#include "architecture/presets.h"
#include "graph/layer_writer.h"
#include "profile/profile.h"

namespace vitlab::profile {

/// A small EfficientViT on 32 x 32 images; `widths` is JSON text.
inline NamedGraph small_model(std::string name, const std::string& widths = "[24, 32, 48]") {
  const core::Json knobs = core::Json::parse(
      R"({"template": "efficientvit", "image_size": 32, "classes": 10, "stem_stride": 4,
          "heads": 2, "qk_dim": 4, "kernels": [3, 3], "widths": )" +
      widths + "}");
  return untrained_model(std::move(name), architecture::expand_knobs(knobs, "test"));
}

/// A protocol that takes a tenth of a second.
inline sweep::Protocol short_protocol() {
  sweep::Protocol protocol;
  protocol.batch = 4;
  protocol.warmup_seconds = 0.02;
  protocol.timed_seconds = 0.1;
  return protocol;
}

/// A relu over 1024 x 1024 numbers an image and a linear layer from 1024 to 1024 channels on them.
inline NamedGraph relu_and_linear() {
  graph::Graph graph;
  graph.layers.push_back({.path = "only", .kind = "test"});
  graph.input = graph.add_value({.shape = {1, 1, 1024, 1024}});
  graph::LayerWriter writer(graph, graph::LayerId(0));
  const graph::AxisId in = writer.axis(graph::AxisKind::kEmbedding, "in", 1024);
  const graph::AxisId out = writer.axis(graph::AxisKind::kHidden, "out", 1024);
  graph::ValueId x = writer.activate(graph.input, graph::Activation::kRelu, "relu");
  x = writer.reshape(x, {1, 1024, 1024}, 2, {in}, "tokens");
  x = writer.linear(x, {out}, "linear");
  graph.outputs.push_back({"logits", x});
  model::Weights weights = model::initial_weights(graph, 0);
  return {"relu and linear", std::move(graph), std::move(weights)};
}

}  // namespace vitlab::profile
