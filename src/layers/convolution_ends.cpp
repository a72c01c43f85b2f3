#include "layers/convolution_ends.h"

#include "layers/map_layers.h"

namespace vitlab {

LayerProblems check(const SingleConvolutionStem& layer, const Value& input, Index /*width*/) {
  LayerProblems problems;
  require_map(problems, input);
  require_odd(problems, "kernel", layer.kernel);
  require_positive(problems, "stride", layer.stride);
  return problems;
}

ValueId write(const SingleConvolutionStem& layer, LayerWriter& writer, ValueId x,
              const Extent& out) {
  x = writer.conv_norm(x, out, "conv1",
                       {.kernel = layer.kernel, .stride = layer.stride, .norm = layer.norm});
  return writer.activate(x, layer.activation, "activation");
}

LayerProblems check(const ConvolutionHead& layer, const Value& input, Index /*width*/) {
  LayerProblems problems;
  require_map(problems, input);
  require_positive(problems, "features", layer.features);
  if (layer.hidden < 0) problems.push_back({"hidden", "must not be negative"});
  require_positive(problems, "classes", layer.classes);
  return problems;
}

ValueId write(const ConvolutionHead& layer, LayerWriter& writer, ValueId x, const Extent& /*out*/) {
  const Extent features{writer.axis(AxisKind::kExpansion, "features", layer.features)};
  const Extent classes{writer.axis(AxisKind::kClasses, "classes", layer.classes)};
  x = writer.conv_norm(x, features, "features", {.norm = layer.norm});
  x = writer.activate(x, layer.activation, "features.activation");
  writer.gate(x);
  if (layer.hidden == 0) return writer.linear(writer.mean(x, false, "pool"), classes, "linear");
  const Extent hidden{writer.axis(AxisKind::kHidden, "hidden", layer.hidden)};
  x = writer.convolution(writer.mean(x, true, "pool"), hidden, "hidden", 1, 1, 0, false, true);
  x = writer.activate(x, layer.activation, "hidden.activation");
  writer.gate(x);
  x = writer.reshape(x, {writer[x].shape[0], layer.hidden}, 1, hidden, "hidden.flat");
  return writer.linear(x, classes, "linear");
}

}  // namespace vitlab
