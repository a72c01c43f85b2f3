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

/// Queries, keys and values (N, T, channels) of one head each.
struct TokenHeads {
  std::vector<ValueId> q, k, v;
};

std::string head_name(std::size_t head) { return "heads." + std::to_string(head); }

ValueId attend_each_token_head(LayerWriter& writer, const TokenHeads& heads, AttentionTap& tap) {
  std::vector<ValueId> outputs;
  for (std::size_t head = 0; head < heads.q.size(); ++head) {
    const std::string name = head_name(head);
    const ValueId scores =
        writer.matrix_multiply(heads.q[head], heads.k[head], false, true, name + ".scores");
    const ValueId map = writer.softmax(scores, name + ".softmax");
    const Value values = writer[heads.v[head]];
    const ValueId mixed = writer.matrix_multiply(map, heads.v[head], false, false, name + ".mix");
    tap.maps.push_back(map);
    tap.outputs.push_back(mixed);
    outputs.push_back(writer.reshape(mixed, values.shape, 2, values.channels, name + ".labelled"));
  }
  return writer.concat(outputs, 2, "heads.join");
}

/// One projection for all heads, as in timm's weights; heads of unequal size are then cut apart.
ValueId attend_from_all_channels(const TokenAttention& layer, LayerWriter& writer, ValueId normed,
                                 const HeadAxes& axes, AttentionTap& tap) {
  const std::size_t heads = axes.qk.size();
  Extent projected = axes.qk;
  projected.append(axes.qk);
  projected.append(axes.v);
  const ValueId qkv = writer.linear(normed, projected, "qkv", layer.qkv_bias);
  const ValueId q = writer.split(qkv, 0, heads, "q");
  const ValueId k = writer.split(qkv, heads, heads, "k");
  const ValueId v = writer.split(qkv, 2 * heads, heads, "v");
  writer.gate(k);
  writer.gate(v);
  if (layer.qk.uniform() && layer.v.uniform())
    return attend_tokens_together(writer, q, k, v, layer.scale, tap);
  const ValueId scaled = writer.scale(q, layer.scale, "scale");
  TokenHeads apart;
  for (std::size_t head = 0; head < heads; ++head) {
    const std::string name = head_name(head);
    apart.q.push_back(writer.split(scaled, head, 1, name + ".q"));
    apart.k.push_back(writer.split(k, head, 1, name + ".k"));
    apart.v.push_back(writer.split(v, head, 1, name + ".v"));
  }
  return attend_each_token_head(writer, apart, tap);
}

/// A projection for each head, from its own split of the channels.
ValueId attend_from_splits(const TokenAttention& layer, LayerWriter& writer, ValueId normed,
                           const HeadAxes& axes, AttentionTap& tap) {
  const std::size_t heads = axes.qk.size();
  const std::size_t parts = writer[normed].channels.size() / heads;
  // Removing a head would leave a gap in the splits: no spec says that.
  writer.graph().axes[static_cast<std::size_t>(axes.heads)].held = true;
  TokenHeads own;
  for (std::size_t head = 0; head < heads; ++head) {
    const std::string name = head_name(head);
    const ValueId fed = writer.split(normed, head * parts, parts, name + ".split");
    const Extent projected{axes.qk[head], axes.qk[head], axes.v[head]};
    const ValueId qkv = writer.linear(fed, projected, name + ".qkv", layer.qkv_bias);
    const ValueId q = writer.split(qkv, 0, 1, name + ".q");
    own.q.push_back(writer.scale(q, layer.scale, name + ".scale"));
    own.k.push_back(writer.split(qkv, 1, 1, name + ".k"));
    own.v.push_back(writer.split(qkv, 2, 1, name + ".v"));
    writer.gate(own.k.back());
    writer.gate(own.v.back());
  }
  return attend_each_token_head(writer, own, tap);
}

}  // namespace

LayerProblems check(const TokenAttention& layer, const Value& input, Index width) {
  LayerProblems problems;
  require_tokens(problems, input);
  check_heads(problems, layer.qk, layer.v, layer.heads, layer.scale);
  if (layer.split && layer.heads >= 1 && width % layer.heads != 0)
    problems.push_back({"heads", "must divide the stage's width " + std::to_string(width) +
                                     " where each head reads a split, got " +
                                     std::to_string(layer.heads)});
  return problems;
}

ValueId write(const TokenAttention& layer, LayerWriter& writer, ValueId x, const Extent& out) {
  const HeadAxes axes = head_axes(writer, layer.qk, layer.v);
  const ValueId normed = writer.layer_norm(x, "norm", kTokenNormEpsilon);
  AttentionTap tap{.heads = static_cast<Index>(axes.qk.size()), .windows = 1};
  tap.height = 1;
  tap.width = writer[x].shape[1];
  ValueId y = layer.split ? attend_from_splits(layer, writer, normed, axes, tap)
                          : attend_from_all_channels(layer, writer, normed, axes, tap);
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

LayerProblems check(const TokenNorm& /*layer*/, const Value& input, Index /*width*/) {
  LayerProblems problems;
  require_tokens(problems, input);
  return problems;
}

ValueId write(const TokenNorm& /*layer*/, LayerWriter& writer, ValueId x, const Extent& /*out*/) {
  return writer.layer_norm(x, "norm", kTokenNormEpsilon);
}

}  // namespace vitlab
