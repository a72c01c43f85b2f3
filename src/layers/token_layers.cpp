#include "layers/token_layers.h"

#include <string>

#include "layers/attention_parts.h"
#include "layers/map_layers.h"

namespace vitlab {

namespace {

/// (N, T, h·d) -> (N, h, T, d), for heads of equal size.
ValueId tokens_by_head(LayerWriter& writer, ValueId x, Index heads, const std::string& name) {
  const Shape shape = writer[x].shape;
  const ValueId cut =
      writer.reshape(x, {shape[0], shape[1], heads, shape[2] / heads}, kUnset, {}, name + ".cut");
  return writer.permute(cut, {0, 2, 1, 3}, name);
}

ValueId attend_tokens_together(LayerWriter& writer, ValueId q, ValueId k, ValueId v, double scale,
                               AttentionTap& tap) {
  const Value values = writer[v];
  q = tokens_by_head(writer, writer.scale(q, scale, "scale"), tap.heads, "q.heads");
  k = tokens_by_head(writer, k, tap.heads, "k.heads");
  const ValueId v_heads = tokens_by_head(writer, v, tap.heads, "v.heads");
  const ValueId scores = writer.matrix_multiply(q, k, false, true, "scores");
  const ValueId map = writer.softmax(scores, "softmax");
  ValueId mixed = writer.matrix_multiply(map, v_heads, false, false, "mix");
  tap.maps = {map};
  tap.outputs = {mixed};
  mixed = writer.permute(mixed, {0, 2, 1, 3}, "heads.order");
  return writer.reshape(mixed, values.shape, 2, values.channels, "heads.join");
}

ValueId attend_each_token_head(LayerWriter& writer, ValueId q, ValueId k, ValueId v, double scale,
                               AttentionTap& tap) {
  q = writer.scale(q, scale, "scale");
  std::vector<ValueId> outputs;
  for (std::size_t head = 0; head < static_cast<std::size_t>(tap.heads); ++head) {
    const std::string name = "heads." + std::to_string(head);
    const ValueId scores = writer.matrix_multiply(writer.split(q, head, 1, name + ".q"),
                                                  writer.split(k, head, 1, name + ".k"), false,
                                                  true, name + ".scores");
    const ValueId map = writer.softmax(scores, name + ".softmax");
    const ValueId own = writer.split(v, head, 1, name + ".v");
    const Value values = writer[own];
    const ValueId mixed = writer.matrix_multiply(map, own, false, false, name + ".mix");
    tap.maps.push_back(map);
    tap.outputs.push_back(mixed);
    outputs.push_back(writer.reshape(mixed, values.shape, 2, values.channels, name + ".labelled"));
  }
  return writer.concat(outputs, 2, "heads.join");
}

}  // namespace

LayerProblems check(const TokenAttention& layer, const Value& input, Index /*width*/) {
  LayerProblems problems;
  require_tokens(problems, input);
  check_heads(problems, layer.qk, layer.v, layer.heads, layer.scale);
  return problems;
}

ValueId write(const TokenAttention& layer, LayerWriter& writer, ValueId x, const Extent& out) {
  const HeadAxes axes = head_axes(writer, layer.qk, layer.v);
  const std::size_t heads = axes.qk.size();
  Extent projected = axes.qk;
  projected.append(axes.qk);
  projected.append(axes.v);

  const ValueId normed = writer.layer_norm(x, "norm", kTokenNormEpsilon);
  const ValueId qkv = writer.linear(normed, projected, "qkv", layer.qkv_bias);
  const ValueId q = writer.split(qkv, 0, heads, "q");
  const ValueId k = writer.split(qkv, heads, heads, "k");
  const ValueId v = writer.split(qkv, 2 * heads, heads, "v");
  writer.gate(k);
  writer.gate(v);
  AttentionTap tap{.heads = static_cast<Index>(heads), .windows = 1};
  tap.height = 1;
  tap.width = writer[x].shape[1];
  const bool uniform = layer.qk.uniform() && layer.v.uniform();
  ValueId y = uniform ? attend_tokens_together(writer, q, k, v, layer.scale, tap)
                      : attend_each_token_head(writer, q, k, v, layer.scale, tap);
  writer.tap(tap);
  y = writer.linear(y, out, "project");
  return writer.add(x, y, "residual");
}

LayerProblems check(const TokenFfn& layer, const Value& input, Index /*width*/) {
  LayerProblems problems;
  require_tokens(problems, input);
  require_positive(problems, "hidden", layer.hidden);
  return problems;
}

ValueId write(const TokenFfn& layer, LayerWriter& writer, ValueId x, const Extent& out) {
  const Extent hidden{writer.axis(AxisKind::kHidden, "hidden", layer.hidden)};
  ValueId y = writer.layer_norm(x, "norm", kTokenNormEpsilon);
  y = writer.linear(y, hidden, "expand");
  y = writer.activate(y, layer.activation, "activation");
  writer.gate(y);
  y = writer.linear(y, out, "project");
  return writer.add(x, y, "residual");
}

}  // namespace vitlab
