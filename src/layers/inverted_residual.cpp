#include "layers/inverted_residual.h"

#include "layers/map_layers.h"

namespace vitlab::layers {

namespace {

template <typename Block>
LayerProblems depthwise_problems(const Block& block, const graph::Value& input) {
  LayerProblems problems;
  require_map(problems, input);
  if constexpr (requires { block.hidden; }) require_positive(problems, "hidden", block.hidden);
  if constexpr (requires { block.stride; }) require_positive(problems, "stride", block.stride);
  require_odd(problems, "kernel", block.kernel);
  if (block.squeeze < 0) problems.push_back({"squeeze", "must not be negative"});
  if (!core::choice_row(block.squeeze_gate).is_gate)
    problems.push_back({"squeeze_gate", "must be sigmoid or hardsigmoid, got " +
                                            std::string(core::word_of(block.squeeze_gate))});
  return problems;
}

template <typename Block>
graph::ValueId write_block(const Block& block, graph::LayerWriter& writer, graph::ValueId x,
                           const graph::Extent& out) {
  constexpr bool kExpands = requires { block.hidden; };
  graph::ConvNorm depthwise{.kernel = block.kernel, .depthwise = true, .norm = block.norm};
  if constexpr (requires { block.stride; }) depthwise.stride = block.stride;
  graph::Extent channels = writer[x].channels;
  graph::ValueId y = x;
  if constexpr (kExpands) {
    channels = {writer.axis(graph::AxisKind::kExpansion, "hidden", block.hidden)};
    y = writer.conv_norm(y, channels, "expand", {.norm = block.norm});
    y = writer.activate(y, block.activation, "expand.activation");
  }
  y = writer.conv_norm(y, channels, "depthwise", depthwise);
  y = writer.activate(y, block.activation, "depthwise.activation");
  if constexpr (kExpands) writer.gate(y);
  if (block.squeeze > 0)
    y = squeeze_excite(writer, y, block.squeeze, block.squeeze_activation, block.squeeze_gate);
  y = writer.conv_norm(y, out, "project", {.norm = block.norm});
  return Block::kRole == graph::LayerRole::kDownsample ? y : writer.residual(x, y);
}

}  // namespace

LayerProblems check(const DepthwiseSeparable& layer, const graph::Value& input,
                    graph::Index /*width*/) {
  return depthwise_problems(layer, input);
}
LayerProblems check(const DepthwiseSeparableDownsample& layer, const graph::Value& input,
                    graph::Index /*width*/) {
  return depthwise_problems(layer, input);
}
LayerProblems check(const InvertedResidual& layer, const graph::Value& input,
                    graph::Index /*width*/) {
  return depthwise_problems(layer, input);
}
LayerProblems check(const InvertedResidualDownsample& layer, const graph::Value& input,
                    graph::Index /*width*/) {
  return depthwise_problems(layer, input);
}

graph::ValueId write(const DepthwiseSeparable& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  return write_block(layer, writer, x, out);
}
graph::ValueId write(const DepthwiseSeparableDownsample& layer, graph::LayerWriter& writer,
                     graph::ValueId x, const graph::Extent& out) {
  return write_block(layer, writer, x, out);
}
graph::ValueId write(const InvertedResidual& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  return write_block(layer, writer, x, out);
}
graph::ValueId write(const InvertedResidualDownsample& layer, graph::LayerWriter& writer,
                     graph::ValueId x, const graph::Extent& out) {
  return write_block(layer, writer, x, out);
}

}  // namespace vitlab::layers
