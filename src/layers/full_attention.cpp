#include "layers/attention_layers.h"
#include "layers/attention_parts.h"
#include "layers/map_layers.h"

namespace vitlab::layers {

namespace {

/// What full and window attention share; a window of 0 is the whole map.
struct JointSettings {
  graph::Index window;
  const PerHead& qk;
  const PerHead& v;
  double scale;
  graph::Norm norm;
  graph::Activation activation;
};

/// (M, h·d, h, w) -> (M, h, d, T), for heads of equal size.
graph::ValueId map_by_head(graph::LayerWriter& writer, graph::ValueId x, graph::Index heads,
                           const std::string& name) {
  const graph::Shape shape = writer[x].shape;
  return writer.reshape(x, {shape[0], heads, shape[1] / heads, shape[2] * shape[3]}, graph::kUnset,
                        {}, name);
}

/// All heads in one batched product; heads have equal QK and V.
graph::ValueId attend_maps_together(graph::LayerWriter& writer, graph::ValueId q, graph::ValueId k,
                                    graph::ValueId v, graph::ValueId bias,
                                    const JointSettings& settings, graph::AttentionTap& tap) {
  const graph::Value values = writer[v];
  q = map_by_head(writer, writer.scale(q, settings.scale, "scale"), tap.heads, "q.heads");
  k = map_by_head(writer, k, tap.heads, "k.heads");
  const graph::ValueId v_heads = map_by_head(writer, v, tap.heads, "v.heads");
  graph::ValueId map = writer.matrix_multiply(q, k, true, false, "scores");
  map = writer.softmax(writer.add_broadcast(map, bias, "with_bias"), "softmax");
  const graph::ValueId mixed = writer.matrix_multiply(v_heads, map, false, true, "mix");
  tap.maps = {map};
  tap.outputs = {mixed};
  return writer.reshape(mixed, values.shape, 1, values.channels, "heads.join");
}

/// One product a head, for heads of unequal QK or V.
graph::ValueId attend_each_map(graph::LayerWriter& writer, graph::ValueId q, graph::ValueId k,
                               graph::ValueId v, graph::ValueId bias, const JointSettings& settings,
                               graph::AttentionTap& tap) {
  const graph::Value values = writer[v];
  const graph::Index tokens = values.shape[2] * values.shape[3];
  const auto flat = [&](graph::ValueId x, std::size_t head, const std::string& name) {
    const graph::ValueId own = writer.split(x, head, 1, name);
    const graph::Value value = writer[own];
    return writer.reshape(own, {value.shape[0], value.shape[1], tokens}, 1, value.channels,
                          name + ".flat");
  };
  // Scaled before it is cut, as with heads of equal size, so that folding finds the same weights.
  q = writer.scale(q, settings.scale, "scale");
  std::vector<graph::ValueId> outputs;
  for (std::size_t head = 0; head < static_cast<std::size_t>(tap.heads); ++head) {
    const std::string name = "heads." + std::to_string(head);
    const HeadResult result =
        attend_head(writer, flat(q, head, name + ".q"), flat(k, head, name + ".k"),
                    flat(v, head, name + ".v"), bias, static_cast<graph::Index>(head), 1, name);
    tap.maps.push_back(result.map);
    tap.outputs.push_back(result.output);
    const graph::Value flat_output = writer[result.output];
    outputs.push_back(writer.reshape(
        result.output,
        {flat_output.shape[0], flat_output.shape[1], values.shape[2], values.shape[3]}, 1,
        {values.channels[head]}, name + ".map"));
  }
  return writer.concat(outputs, 1, "heads.join");
}

graph::ValueId write_joint_attention(const JointSettings& settings, graph::LayerWriter& writer,
                                     graph::ValueId x, const graph::Extent& out) {
  const graph::Shape map = writer[x].shape;
  const Windows windows = windows_of(map[2], map[3], settings.window);
  const HeadAxes axes = head_axes(writer, settings.qk, settings.v);
  const std::size_t heads = axes.qk.size();

  graph::Extent projected = axes.qk;
  projected.append(axes.qk);
  projected.append(axes.v);
  const graph::ValueId inside = to_windows(writer, x, windows);
  const graph::ValueId qkv = writer.conv_norm(inside, projected, "qkv", {.norm = settings.norm});
  const graph::ValueId q = writer.split(qkv, 0, heads, "q");
  const graph::ValueId k = writer.split(qkv, heads, heads, "k");
  const graph::ValueId v = writer.split(qkv, 2 * heads, heads, "v");
  writer.gate(k);
  writer.gate(v);
  const graph::ValueId bias = writer.position_bias(axes.heads, windows.height, windows.width,
                                                   graph::BiasRule::kAbsoluteOffset, "bias");
  graph::AttentionTap tap{.heads = static_cast<graph::Index>(heads),
                          .windows = windows.count(),
                          .places = places_of(windows, map[2], map[3])};
  const bool uniform = settings.qk.uniform() && settings.v.uniform();
  graph::ValueId y = uniform ? attend_maps_together(writer, q, k, v, bias, settings, tap)
                             : attend_each_map(writer, q, k, v, bias, settings, tap);
  writer.tap(tap);
  y = writer.activate(y, settings.activation, "activation");
  y = writer.conv_norm(y, out, "project", {.norm = settings.norm, .zero_scale = true});
  return writer.residual(x, from_windows(writer, y, windows, map[2], map[3]));
}

}  // namespace

LayerProblems check(const FullAttention& layer, const graph::Value& input, graph::Index /*width*/) {
  LayerProblems problems;
  require_map(problems, input);
  check_heads(problems, layer.qk, layer.v, layer.heads, layer.scale);
  return problems;
}

LayerProblems check(const WindowAttention& layer, const graph::Value& input,
                    graph::Index /*width*/) {
  LayerProblems problems;
  require_map(problems, input);
  require_positive(problems, "window", layer.window);
  check_heads(problems, layer.qk, layer.v, layer.heads, layer.scale);
  return problems;
}

graph::ValueId write(const FullAttention& l, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  return write_joint_attention({0, l.qk, l.v, l.scale, l.norm, l.activation}, writer, x, out);
}

graph::ValueId write(const WindowAttention& l, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  return write_joint_attention({l.window, l.qk, l.v, l.scale, l.norm, l.activation}, writer, x,
                               out);
}

}  // namespace vitlab::layers
