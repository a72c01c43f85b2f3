#include "layers/mobilevit_layer.h"

#include "layers/attention_parts.h"
#include "layers/map_layers.h"
#include "layers/token_layers.h"

namespace vitlab::layers {

namespace {

constexpr double kMobileVitEpsilon = 1e-5;

/// How a map is cut into patches: the pixels at one place of all patches are one run of tokens.
struct Patches {
  graph::Index side, rows, columns;

  graph::Index places() const { return side * side; }
};

/// (N, C, H, W) -> (N·places, rows·columns, C), and back.
graph::ValueId unfold(graph::LayerWriter& writer, graph::ValueId x, const Patches& p) {
  const graph::Value map = writer[x];
  const graph::Index n = map.shape[0], channels = map.shape[1];
  x = writer.reshape(x, {n, channels, p.rows, p.side, p.columns, p.side}, 1, map.channels,
                     "unfold.cut");
  x = writer.permute(x, {0, 3, 5, 2, 4, 1}, "unfold.order");
  return writer.reshape(x, {n * p.places(), p.rows * p.columns, channels}, 2, map.channels,
                        "unfold");
}

graph::ValueId refold(graph::LayerWriter& writer, graph::ValueId x, const Patches& p) {
  const graph::Value tokens = writer[x];
  const graph::Index n = tokens.shape[0] / p.places(), channels = tokens.shape[2];
  x = writer.reshape(x, {n, p.side, p.side, p.rows, p.columns, channels}, 5, tokens.channels,
                     "fold.cut");
  x = writer.permute(x, {0, 5, 3, 1, 4, 2}, "fold.order");
  return writer.reshape(x, {n, channels, p.rows * p.side, p.columns * p.side}, 1, tokens.channels,
                        "fold");
}

PerHead of_block(const PerHead& all, graph::Index block, graph::Index heads) {
  const auto first = all.sizes.begin() + block * heads;
  return {{first, first + heads}};
}

/// One transformer block of ViT's layers; its heads stay, since no setting counts them per block.
graph::ValueId write_transformer(const MobileVitLayer& layer, graph::LayerWriter& writer,
                                 graph::ValueId x, const graph::Extent& width, graph::Index block,
                                 const Patches& patches) {
  const std::string name = "blocks." + std::to_string(block);
  graph::LayerWriter attention_writer = writer.part(name + ".attention.", block, layer.heads);
  const TokenAttention attention{.heads = layer.heads,
                                 .qk = of_block(layer.qk, block, layer.heads),
                                 .v = of_block(layer.v, block, layer.heads),
                                 .scale = layer.scale,
                                 .epsilon = kMobileVitEpsilon};
  x = write(attention, attention_writer, x, width);
  for (const graph::AxisId id : writer.graph().axes.ids()) {
    const graph::Axis& axis = writer.graph().axis(id);
    if (axis.layer == writer.layer() && axis.kind == graph::AxisKind::kHead)
      writer.hold(id, "one number of heads counts for all of its blocks");
  }
  graph::AttentionTap& tap = writer.graph().attention.back();
  tap.part = name;
  tap.windows = patches.places();
  tap.places = {.height = patches.rows * patches.side,
                .width = patches.columns * patches.side,
                .rows = patches.rows,
                .columns = patches.columns,
                .windows_across = patches.side,
                .window_down = 1,
                .window_across = 1,
                .token_step = patches.side};
  graph::LayerWriter ffn_writer = writer.part(name + ".ffn.", block, 1);
  const TokenFfn ffn{.hidden = layer.hidden[static_cast<std::size_t>(block)],
                     .activation = layer.activation,
                     .epsilon = kMobileVitEpsilon};
  return write(ffn, ffn_writer, x, width);
}

}  // namespace

void MobileVitLayer::keep_heads(const std::vector<graph::Index>& kept) const {
  core::ensure(static_cast<graph::Index>(kept.size()) == heads, "the heads of MobileViT are held");
}

LayerProblems check(const MobileVitLayer& layer, const graph::Value& input,
                    graph::Index /*width*/) {
  LayerProblems problems;
  const bool is_map = require_map(problems, input);
  require_positive(problems, "width", layer.width);
  if (layer.heads > 4096) problems.push_back({"heads", "must be at most 4096"});
  if (layer.hidden.empty())
    problems.push_back({"hidden", "must name the FFN of at least one block"});
  for (const graph::Index hidden : layer.hidden) require_positive(problems, "hidden", hidden);
  if (layer.heads < 1 || !layer.hidden.empty())
    check_heads(problems, layer.qk, layer.v, layer.head_count(), layer.scale);
  require_odd(problems, "kernel", layer.kernel);
  require_positive(problems, "patch", layer.patch);
  const bool divides = !is_map || layer.patch < 1 ||
                       (input.shape[2] % layer.patch == 0 && input.shape[3] % layer.patch == 0);
  if (!divides)
    problems.push_back({"patch", "must divide the map's " + std::to_string(input.shape[2]) + " x " +
                                     std::to_string(input.shape[3]) + " pixels, got " +
                                     std::to_string(layer.patch) +
                                     "; use an image size that it divides here"});
  return problems;
}

graph::ValueId write(const MobileVitLayer& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  const graph::Shape map = writer[x].shape;
  const Patches patches{layer.patch, map[2] / layer.patch, map[3] / layer.patch};
  // A residual stream of its own: gated where it begins and where each block adds to it.
  const graph::Extent width{writer.axis(graph::AxisKind::kExpansion, "width", layer.width)};
  graph::ValueId y =
      writer.conv_norm(x, out, "local", {.kernel = layer.kernel, .norm = layer.norm});
  y = writer.activate(y, layer.activation, "local.activation");
  y = writer.convolution(y, width, "embed", 1, 1, 0, false, false);
  writer.gate(y);
  y = unfold(writer, y, patches);
  for (graph::Index block = 0; block < layer.block_count(); ++block)
    y = write_transformer(layer, writer, y, width, block, patches);
  y = refold(writer, writer.layer_norm(y, "norm", kMobileVitEpsilon), patches);
  y = writer.conv_norm(y, out, "project", {.norm = layer.norm});
  y = writer.activate(y, layer.activation, "project.activation");
  y = writer.concat({x, y}, 1, "beside");
  y = writer.conv_norm(y, out, "fuse", {.kernel = layer.kernel, .norm = layer.norm});
  return writer.activate(y, layer.activation, "fuse.activation");
}

}  // namespace vitlab::layers
