#include "layers/convolution_ends.h"

#include "layers/map_layers.h"

namespace vitlab::layers {

LayerProblems check(const SingleConvolutionStem& layer, const graph::Value& input,
                    graph::Index /*width*/) {
  LayerProblems problems;
  require_map(problems, input);
  require_odd(problems, "kernel", layer.kernel);
  require_positive(problems, "stride", layer.stride);
  return problems;
}

graph::ValueId write(const SingleConvolutionStem& layer, graph::LayerWriter& writer,
                     graph::ValueId x, const graph::Extent& out) {
  x = writer.conv_norm(x, out, "conv1",
                       {.kernel = layer.kernel, .stride = layer.stride, .norm = layer.norm});
  return writer.activate(x, layer.activation, "activation");
}

LayerProblems check(const ConvolutionHead& layer, const graph::Value& input,
                    graph::Index /*width*/) {
  LayerProblems problems;
  require_map(problems, input);
  require_positive(problems, "features", layer.features);
  if (layer.hidden < 0) problems.push_back({"hidden", "must not be negative"});
  require_positive(problems, "classes", layer.classes);
  return problems;
}

graph::ValueId write(const ConvolutionHead& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& /*out*/) {
  const graph::Extent features{
      writer.axis(graph::AxisKind::kExpansion, "features", layer.features)};
  const graph::Extent classes{writer.axis(graph::AxisKind::kClasses, "classes", layer.classes)};
  x = writer.conv_norm(x, features, "features", {.norm = layer.norm});
  x = writer.activate(x, layer.activation, "features.activation");
  writer.gate(x);
  if (layer.hidden == 0) return writer.linear(writer.mean(x, false, "pool"), classes, "linear");
  const graph::Extent hidden{writer.axis(graph::AxisKind::kHidden, "hidden", layer.hidden)};
  x = writer.convolution(writer.mean(x, true, "pool"), hidden, "hidden", 1, 1, 0, false, true);
  x = writer.activate(x, layer.activation, "hidden.activation");
  writer.gate(x);
  x = writer.reshape(x, {writer[x].shape[0], layer.hidden}, 1, hidden, "hidden.flat");
  return writer.linear(x, classes, "linear");
}

}  // namespace vitlab::layers
