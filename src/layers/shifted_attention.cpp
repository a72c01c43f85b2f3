#include <algorithm>
#include <cmath>
#include <string>

#include "layers/map_layers.h"
#include "layers/pixel_layers.h"
#include "layers/token_heads.h"

namespace vitlab::layers {

namespace {

/// (N, H, W, C) -> (N·windows, T, C), rolled and padded.
graph::ValueId to_shifted_windows(graph::LayerWriter& writer, graph::ValueId x,
                                  const ShiftedWindows& w) {
  x = writer.roll(x, 1, -w.shift_rows, -w.shift_columns, "windows.roll");
  const graph::Shape map = writer[x].shape;
  x = writer.pad(x, 1, w.rows * w.height - map[1], w.columns * w.width - map[2], "windows.pad");
  const graph::Value in = writer[x];
  const graph::Index n = in.shape[0], channels = in.shape[3];
  if (w.count() > 1) {
    x = writer.reshape(x, {n, w.rows, w.height, w.columns, w.width, channels}, 5, in.channels,
                       "windows.cut");
    x = writer.permute(x, {0, 1, 3, 2, 4, 5}, "windows.order");
  }
  return writer.reshape(x, {n * w.count(), w.tokens(), channels}, 2, in.channels, "windows.stack");
}

/// The inverse for a map of `height` x `width`.
graph::ValueId from_shifted_windows(graph::LayerWriter& writer, graph::ValueId x,
                                    const ShiftedWindows& w, graph::Index height,
                                    graph::Index width) {
  const graph::Value stack = writer[x];
  const graph::Index n = stack.shape[0] / w.count(), channels = stack.shape[2];
  if (w.count() > 1) {
    x = writer.reshape(x, {n, w.rows, w.columns, w.height, w.width, channels}, 5, stack.channels,
                       "windows.unstack");
    x = writer.permute(x, {0, 1, 3, 2, 4, 5}, "windows.restore");
  }
  x = writer.reshape(x, {n, w.rows * w.height, w.columns * w.width, channels}, 3, stack.channels,
                     "windows.join");
  x = writer.crop(x, 1, height, width, "windows.crop");
  return writer.roll(x, 1, w.shift_rows, w.shift_columns, "windows.unroll");
}

graph::ValueId mask_of(graph::LayerWriter& writer, const ShiftedWindows& w) {
  if (w.shift_rows == 0 && w.shift_columns == 0) return {};
  return writer.shift_mask({w.height, w.width, w.rows, w.columns, w.shift_rows, w.shift_columns},
                           "mask");
}

graph::AttentionTap tap_of(graph::Index heads, const ShiftedWindows& w, const graph::Shape& map) {
  return {.heads = heads,
          .windows = w.count(),
          .places = {.height = map[1],
                     .width = map[2],
                     .rows = w.height,
                     .columns = w.width,
                     .windows_across = w.columns,
                     .window_down = w.height,
                     .window_across = w.width,
                     .shift_down = w.shift_rows,
                     .shift_across = w.shift_columns}};
}

/// exp(min(logit_scale, log 100)) of each head: (heads, 1, 1).
graph::ValueId head_factors(graph::LayerWriter& writer, graph::AxisId heads) {
  const graph::Initialiser log_ten{graph::Initialiser::Kind::kConstant, 0, 0, std::log(10.0)};
  const graph::ValueId logit = writer.parameter_value(
      {writer.graph().axis(heads).size, 1, 1}, {{heads}, {}, {}}, 0, "logit_scale", log_ten, false);
  return writer.limited_exp(logit, std::log(100.0), "factors");
}

/// The bias that a network makes of offsets: (heads, T, T).
graph::ValueId continuous_bias(graph::LayerWriter& writer, graph::AxisId heads,
                               const ShiftedWindows& w, graph::Index units) {
  const graph::Extent hidden{writer.axis(graph::AxisKind::kHidden, "bias_hidden", units)};
  graph::ValueId x = writer.offset_table(w.height, w.width, "bias.offsets");
  x = writer.linear(x, hidden, "bias.expand", true, false);
  x = writer.activate(x, graph::Activation::kRelu, "bias.activation");
  writer.gate(x);
  x = writer.linear(x, {heads}, "bias.project", false, false);
  // The same of fewer numbers: before the entries are gathered.
  x = writer.scale(writer.activate(x, graph::Activation::kSigmoid, "bias.sigmoid"), 16,
                   "bias.scale");
  return writer.gather_table(x, w.height, w.width, "bias.gather");
}

template <typename Attention>
LayerProblems check_shifted(const Attention& layer, const graph::Value& input, graph::Index width,
                            double scale) {
  LayerProblems problems;
  require_pixels(problems, input);
  require_positive(problems, "window", layer.window);
  if (layer.shift < 0 || layer.shift >= std::max<graph::Index>(layer.window, 1))
    problems.push_back({"shift", "must lie in 0..window-1, got " + std::to_string(layer.shift)});
  check_heads(problems, layer.qk, layer.v, layer.heads, scale);
  check_split(problems, layer.split, layer.heads, width);
  return problems;
}

}  // namespace

ShiftedWindows shifted_windows(graph::Index height, graph::Index width, graph::Index window,
                               graph::Index shift) {
  ShiftedWindows w;
  w.height = std::min(height, window);
  w.width = std::min(width, window);
  w.rows = (height + w.height - 1) / w.height;
  w.columns = (width + w.width - 1) / w.width;
  w.shift_rows = w.rows > 1 ? shift : 0;
  w.shift_columns = w.columns > 1 ? shift : 0;
  return w;
}

LayerProblems check(const ShiftedAttention& layer, const graph::Value& input, graph::Index width) {
  return check_shifted(layer, input, width, layer.scale);
}

graph::ValueId write(const ShiftedAttention& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  const graph::Shape map = writer[x].shape;
  const ShiftedWindows windows = shifted_windows(map[1], map[2], layer.window, layer.shift);
  const HeadAxes axes = head_axes(writer, layer.qk, layer.v);
  const graph::ValueId normed = writer.layer_norm(x, "norm", kPixelNormEpsilon);
  const graph::ValueId tokens = to_shifted_windows(writer, normed, windows);
  HeadScores scores{.scale = layer.scale};
  scores.bias = writer.position_bias(axes.heads, windows.height, windows.width,
                                     graph::BiasRule::kSignedOffset, "bias");
  scores.mask = mask_of(writer, windows);
  graph::AttentionTap tap = tap_of(layer.heads, windows, map);
  const HeadProjections projections{.split = layer.split, .bias = layer.qkv_bias};
  graph::ValueId y = attend_tokens(writer, tokens, axes, projections, scores, tap);
  writer.tap(tap);
  y = writer.linear(y, out, "project");
  y = from_shifted_windows(writer, y, windows, map[1], map[2]);
  return writer.residual(x, y);
}

LayerProblems check(const CosineAttention& layer, const graph::Value& input, graph::Index width) {
  LayerProblems problems = check_shifted(layer, input, width, 1);
  require_positive(problems, "bias_hidden", layer.bias_hidden);
  return problems;
}

graph::ValueId write(const CosineAttention& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  const graph::Shape map = writer[x].shape;
  const ShiftedWindows windows = shifted_windows(map[1], map[2], layer.window, layer.shift);
  const HeadAxes axes = head_axes(writer, layer.qk, layer.v);
  const graph::ValueId tokens = to_shifted_windows(writer, x, windows);
  HeadScores scores;
  scores.factors = head_factors(writer, axes.heads);
  scores.bias = continuous_bias(writer, axes.heads, windows, layer.bias_hidden);
  scores.mask = mask_of(writer, windows);
  graph::AttentionTap tap = tap_of(layer.heads, windows, map);
  const HeadProjections projections{
      .split = layer.split, .bias = layer.qkv_bias, .keys_have_no_bias = true};
  graph::ValueId y = attend_tokens(writer, tokens, axes, projections, scores, tap);
  writer.tap(tap);
  y = writer.linear(y, out, "project");
  y = from_shifted_windows(writer, y, windows, map[1], map[2]);
  // Starts as nothing: the norm stands at the end of the branch.
  y = writer.layer_norm(y, "norm", kPixelNormEpsilon, true);
  return writer.residual(x, y);
}

}  // namespace vitlab::layers
