#include "layers/token_layers.h"

#include "layers/map_layers.h"
#include "layers/token_heads.h"

namespace vitlab::layers {

namespace {

/// Where the tokens lie: as the stem made them of the images, or in a row if none did.
graph::TokenPlaces places_of(const graph::Graph& graph, graph::Index tokens) {
  if (graph.tokens.tokens() == tokens) return graph.tokens;
  return {.height = 1, .width = tokens, .rows = 1, .columns = tokens};
}

}  // namespace

LayerProblems check(const TokenAttention& layer, const graph::Value& input, graph::Index width) {
  LayerProblems problems;
  require_tokens(problems, input);
  check_heads(problems, layer.qk, layer.v, layer.heads, layer.scale);
  check_split(problems, layer.split, layer.heads, width);
  require_epsilon(problems, layer.epsilon);
  return problems;
}

graph::ValueId write(const TokenAttention& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  const HeadAxes axes = head_axes(writer, layer.qk, layer.v);
  const graph::ValueId normed = writer.layer_norm(x, "norm", layer.epsilon);
  graph::AttentionTap tap{.heads = static_cast<graph::Index>(axes.qk.size()),
                          .places = places_of(writer.graph(), writer[x].shape[1])};
  graph::ValueId y = attend_tokens(writer, normed, axes, {layer.split, layer.qkv_bias},
                                   {.scale = layer.scale}, tap);
  writer.tap(tap);
  y = writer.linear(y, out, "project");
  return writer.residual(x, y);
}

LayerProblems check(const TokenFfn& layer, const graph::Value& input, graph::Index /*width*/) {
  LayerProblems problems;
  require_channels_last(problems, input);
  require_positive(problems, "hidden", layer.hidden);
  require_epsilon(problems, layer.epsilon);
  return problems;
}

graph::ValueId write(const TokenFfn& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  const graph::Extent hidden{writer.axis(graph::AxisKind::kHidden, "hidden", layer.hidden)};
  graph::ValueId y = layer.post_norm ? x : writer.layer_norm(x, "norm", layer.epsilon);
  y = writer.linear(y, hidden, "expand");
  y = writer.activate(y, layer.activation, "activation");
  writer.gate(y);
  y = writer.linear(y, out, "project");
  // Behind the branch it starts at 0, so that the branch starts as nothing.
  if (layer.post_norm) y = writer.layer_norm(y, "norm", layer.epsilon, true);
  return writer.residual(x, y);
}

LayerProblems check(const TokenNorm& layer, const graph::Value& input, graph::Index /*width*/) {
  LayerProblems problems;
  require_channels_last(problems, input);
  require_epsilon(problems, layer.epsilon);
  return problems;
}

graph::ValueId write(const TokenNorm& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& /*out*/) {
  return writer.layer_norm(x, "norm", layer.epsilon);
}

}  // namespace vitlab::layers
