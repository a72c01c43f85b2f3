#include "layers/head_layers.h"

#include "layers/map_layers.h"
#include "layers/token_layers.h"

namespace vitlab::layers {

LayerProblems check(const NormLinearHead& layer, const graph::Value& input,
                    graph::Index /*width*/) {
  LayerProblems problems;
  require_map(problems, input);
  require_positive(problems, "classes", layer.classes);
  return problems;
}

graph::ValueId write(const NormLinearHead& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& /*out*/) {
  const graph::Extent classes{writer.axis(graph::AxisKind::kClasses, "classes", layer.classes)};
  x = writer.mean(x, false, "pool");
  x = writer.batch_norm(x, "norm");
  return writer.linear(x, classes, "linear");
}

LayerProblems check(const TokenHead& layer, const graph::Value& input, graph::Index /*width*/) {
  LayerProblems problems;
  const bool is_tokens =
      layer.mean_tokens ? require_channels_last(problems, input) : require_tokens(problems, input);
  require_positive(problems, "classes", layer.classes);
  require_epsilon(problems, layer.epsilon);
  if (is_tokens && input.shape.rank() == 3 && (layer.token < 0 || layer.token >= input.shape[1]))
    problems.push_back({"token", "must name one of the tokens"});
  return problems;
}

graph::ValueId write(const TokenHead& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& /*out*/) {
  const graph::Extent classes{writer.axis(graph::AxisKind::kClasses, "classes", layer.classes)};
  // Norm acts on each token alone, so the one token that is read is taken out first.
  if (layer.mean_tokens) {
    if (layer.norm) x = writer.layer_norm(x, "norm", layer.epsilon);
    x = writer.mean(x, false, "pool");
  } else {
    const graph::Value tokens = writer[x];
    x = writer.slice(x, 1, layer.token, 1, "token");
    x = writer.reshape(x, {tokens.shape[0], tokens.shape[2]}, 1, tokens.channels, "token.flat");
    if (layer.norm) x = writer.layer_norm(x, "norm", layer.epsilon);
  }
  return writer.linear(x, classes, "linear");
}

}  // namespace vitlab::layers
