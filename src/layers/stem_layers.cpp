#include "layers/stem_layers.h"

#include <string>

namespace vitlab::layers {

LayerProblems check(const ConvolutionStem& layer, const graph::Value& input, graph::Index width) {
  LayerProblems problems;
  if (layer.widths.empty()) {
    problems.push_back({"widths", "must name at least one width"});
    return problems;
  }
  for (const graph::Index w : layer.widths)
    if (w < 1) problems.push_back({"widths", "must be at least 1, got " + std::to_string(w)});
  if (layer.widths.back() != width)
    problems.push_back({"widths", "must end with the first stage's width " + std::to_string(width) +
                                      ", got " + std::to_string(layer.widths.back())});
  const graph::Index stride = graph::Index{1} << layer.widths.size();
  if (layer.widths.size() > 12 || input.shape[2] < stride || input.shape[3] < stride)
    problems.push_back({"widths", std::to_string(layer.widths.size()) +
                                      " convolutions of stride 2 leave nothing of a " +
                                      std::to_string(input.shape[2]) + " x " +
                                      std::to_string(input.shape[3]) + " image"});
  return problems;
}

graph::ValueId write(const ConvolutionStem& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  const std::size_t count = layer.widths.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "conv" + std::to_string(i + 1);
    const bool last = i + 1 == count;
    const graph::Extent channels =
        last ? out
             : graph::Extent{writer.axis(graph::AxisKind::kStem, "widths", layer.widths[i],
                                         static_cast<std::int32_t>(i))};
    x = writer.conv_norm(x, channels, name, {.kernel = 3, .stride = 2, .norm = layer.norm});
    if (last) break;
    x = writer.activate(x, layer.activation, name + ".activation");
    writer.gate(x);
  }
  return x;
}

void check_patch_size(LayerProblems& problems, graph::Index size, const graph::Value& image) {
  if (size < 1) problems.push_back({"size", "must be at least 1"});
  if (size >= 1 && (image.shape[2] % size != 0 || image.shape[3] % size != 0))
    problems.push_back({"size", "must divide the image's " + std::to_string(image.shape[2]) +
                                    " x " + std::to_string(image.shape[3]) + " pixels, got " +
                                    std::to_string(size)});
}

LayerProblems check(const PatchStem& layer, const graph::Value& input, graph::Index /*width*/) {
  LayerProblems problems;
  if (layer.class_tokens < 0 || layer.class_tokens > 8)
    problems.push_back({"class_tokens", "must lie in 0..8"});
  check_patch_size(problems, layer.size, input);
  return problems;
}

graph::ValueId write(const PatchStem& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  x = writer.convolution(x, out, "projection", layer.size, layer.size, 0, false, true);
  const graph::Shape map = writer[x].shape;
  const graph::Index channels = map[1], tokens = map[2] * map[3];
  x = writer.reshape(x, {map[0], channels, tokens}, 1, out, "flatten");
  x = writer.permute(x, {0, 2, 1}, "tokens");
  writer.graph().tokens = {.height = map[2],
                           .width = map[3],
                           .rows = map[2],
                           .columns = map[3],
                           .class_tokens = layer.class_tokens};
  const graph::Initialiser normal{graph::Initialiser::Kind::kTruncatedNormal, 0.02, 0};
  const graph::Initialiser tiny{graph::Initialiser::Kind::kTruncatedNormal, 1e-6, 0};
  if (layer.class_tokens > 0) {
    const graph::ValueId token = writer.parameter_value(
        {1, layer.class_tokens, channels}, {{}, {}, out}, 2, "class_token", tiny, false);
    x = writer.concat({writer.broadcast(token, "class_token.repeat"), x}, 1, "with_class_token");
  }
  if (layer.position_embedding) {
    const graph::ValueId position =
        writer.parameter_value({1, layer.class_tokens + tokens, channels}, {{}, {}, out}, 2,
                               "position_embedding", normal, false);
    writer.stands_for({graph::PlaceTable::Kind::kEmbedding, map[2], map[3], layer.class_tokens});
    x = writer.add_broadcast(x, position, "with_position");
  }
  return x;
}

}  // namespace vitlab::layers
