#include "layers/map_layers.h"

#include <string>

namespace vitlab::layers {

void require_positive(LayerProblems& problems, std::string_view field, graph::Index size) {
  if (size < 1)
    problems.push_back({std::string(field), "must be at least 1, got " + std::to_string(size)});
}

void require_odd(LayerProblems& problems, std::string_view field, graph::Index kernel) {
  if (kernel < 1 || kernel % 2 == 0)
    problems.push_back({std::string(field), "must be odd, so that the map keeps its size, got " +
                                                std::to_string(kernel)});
}

bool require_map(LayerProblems& problems, const graph::Value& input) {
  const bool is_map = input.shape.rank() == 4 && input.channel_dim == 1;
  if (!is_map) problems.push_back({"", "works on a map (N, C, H, W), but its input is tokens"});
  return is_map;
}

bool require_tokens(LayerProblems& problems, const graph::Value& input) {
  const bool is_tokens = input.shape.rank() == 3 && input.channel_dim == 2;
  if (!is_tokens) problems.push_back({"", "works on tokens (N, T, C), but its input is a map"});
  return is_tokens;
}

bool require_channels_last(LayerProblems& problems, const graph::Value& input) {
  const int rank = input.shape.rank();
  const bool holds = (rank == 3 || rank == 4) && input.channel_dim == rank - 1;
  if (!holds)
    problems.push_back(
        {"", "works on tokens (N, T, C) or pixel tokens (N, H, W, C), but its input is a map"});
  return holds;
}

void require_epsilon(LayerProblems& problems, double epsilon) {
  if (!(epsilon > 0 && epsilon < 1)) problems.push_back({"epsilon", "must lie in (0, 1)"});
}

graph::ValueId squeeze_excite(graph::LayerWriter& writer, graph::ValueId x, graph::Index squeezed,
                              graph::Activation activation, graph::Activation gate) {
  const graph::Extent channels = writer[x].channels;
  const graph::Extent inner{writer.axis(graph::AxisKind::kSqueeze, "squeeze", squeezed)};
  graph::ValueId s = writer.mean(x, true, "squeeze.pool");
  s = writer.convolution(s, inner, "squeeze.reduce", 1, 1, 0, false, true);
  s = writer.activate(s, activation, "squeeze.activation");
  writer.gate(s);
  s = writer.convolution(s, channels, "squeeze.expand", 1, 1, 0, false, true);
  return writer.multiply(x, writer.activate(s, gate, "squeeze.gate"), "excite");
}

LayerProblems check(const DepthwiseLayer& layer, const graph::Value& input,
                    graph::Index /*width*/) {
  LayerProblems problems;
  require_map(problems, input);
  require_odd(problems, "kernel", layer.kernel);
  return problems;
}

graph::ValueId write(const DepthwiseLayer& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  const graph::ValueId mixed = writer.conv_norm(
      x, out, "mix",
      {.kernel = layer.kernel, .depthwise = true, .norm = layer.norm, .zero_scale = true});
  return writer.residual(x, mixed);
}

LayerProblems check(const FfnLayer& layer, const graph::Value& input, graph::Index /*width*/) {
  LayerProblems problems;
  require_map(problems, input);
  require_positive(problems, "hidden", layer.hidden);
  return problems;
}

graph::ValueId write(const FfnLayer& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  const graph::Extent hidden{writer.axis(graph::AxisKind::kHidden, "hidden", layer.hidden)};
  graph::ValueId y = writer.conv_norm(x, hidden, "expand", {.norm = layer.norm});
  y = writer.activate(y, layer.activation, "activation");
  writer.gate(y);
  y = writer.conv_norm(y, out, "project", {.norm = layer.norm, .zero_scale = true});
  return writer.residual(x, y);
}

LayerProblems check(const SubsampleLayer& layer, const graph::Value& input,
                    graph::Index /*width*/) {
  LayerProblems problems;
  const bool is_map = require_map(problems, input);
  require_positive(problems, "hidden", layer.hidden);
  if (layer.squeeze < 0) problems.push_back({"squeeze", "must not be negative"});
  require_odd(problems, "kernel", layer.kernel);
  require_positive(problems, "stride", layer.stride);
  if (is_map && layer.stride > 1 && (input.shape[2] < 2 || input.shape[3] < 2))
    problems.push_back({"", "halves a map of " + std::to_string(input.shape[2]) + " x " +
                                std::to_string(input.shape[3]) +
                                " pixels: nothing is left to attend to; use a larger image, a "
                                "smaller stem stride or fewer stages"});
  return problems;
}

graph::ValueId write(const SubsampleLayer& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  const graph::Extent hidden{writer.axis(graph::AxisKind::kExpansion, "hidden", layer.hidden)};
  graph::ValueId y = writer.conv_norm(x, hidden, "expand", {.norm = layer.norm});
  y = writer.activate(y, layer.activation, "activation1");
  y = writer.conv_norm(
      y, hidden, "reduce",
      {.kernel = layer.kernel, .stride = layer.stride, .depthwise = true, .norm = layer.norm});
  y = writer.activate(y, layer.activation, "activation2");
  writer.gate(y);
  if (layer.squeeze > 0)
    y = squeeze_excite(writer, y, layer.squeeze, graph::Activation::kRelu,
                       graph::Activation::kSigmoid);
  return writer.conv_norm(y, out, "project", {.norm = layer.norm});
}

}  // namespace vitlab::layers
