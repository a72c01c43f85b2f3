#include "layers/pixel_layers.h"

#include <string>

#include "layers/map_layers.h"
#include "layers/stem_layers.h"

namespace vitlab::layers {

bool require_pixels(LayerProblems& problems, const graph::Value& input) {
  const bool is_pixels = input.shape.rank() == 4 && input.channel_dim == 3;
  if (!is_pixels)
    problems.push_back({"",
                        "works on pixel tokens (N, H, W, C), as patch_map makes them, but its "
                        "input is another"});
  return is_pixels;
}

LayerProblems check(const PatchMapStem& layer, const graph::Value& input, graph::Index /*width*/) {
  LayerProblems problems;
  check_patch_size(problems, layer.size, input);
  return problems;
}

graph::ValueId write(const PatchMapStem& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  x = writer.convolution(x, out, "projection", layer.size, layer.size, 0, false, true);
  x = writer.permute(x, {0, 2, 3, 1}, "pixels");
  return writer.layer_norm(x, "norm", kPixelNormEpsilon);
}

LayerProblems check(const PatchMerging& /*layer*/, const graph::Value& input,
                    graph::Index /*width*/) {
  LayerProblems problems;
  if (require_pixels(problems, input) && input.shape[1] < 2 && input.shape[2] < 2)
    problems.push_back({"",
                        "halves a map of 1 x 1 pixels: nothing is left to merge; use a larger "
                        "image, a smaller patch or fewer stages"});
  return problems;
}

graph::ValueId write(const PatchMerging& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  const graph::Shape map = writer[x].shape;
  x = writer.pad(x, 1, map[1] % 2, map[2] % 2, "pad");
  const graph::Value in = writer[x];
  const graph::Index height = in.shape[1] / 2, width = in.shape[2] / 2, channels = in.shape[3];
  x = writer.reshape(x, {in.shape[0], height, 2, width, 2, channels}, 5, in.channels, "cut");
  x = writer.permute(x, {0, 1, 3, 4, 2, 5}, "order");
  graph::Extent merged;
  for (int i = 0; i < 4; ++i) merged.append(in.channels);
  x = writer.reshape(x, {in.shape[0], height, width, 4 * channels}, 3, merged, "merge");
  if (!layer.post_norm) x = writer.layer_norm(x, "norm", kPixelNormEpsilon);
  x = writer.linear(x, out, "reduction", false);
  return layer.post_norm ? writer.layer_norm(x, "norm", kPixelNormEpsilon) : x;
}

}  // namespace vitlab::layers
