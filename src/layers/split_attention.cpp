#include <string>

#include "layers/attention_layers.h"
#include "layers/attention_parts.h"
#include "layers/map_layers.h"

namespace vitlab::layers {

namespace {

/// What grouped and cascaded attention share.
struct SplitSettings {
  bool cascaded;
  graph::Index window;
  const PerHead& qk;
  const PerHead& v;
  const std::vector<graph::Index>& kernels;
  double scale;
  graph::Norm norm;
  graph::Activation activation;

  std::size_t heads() const { return kernels.size(); }
};

/// Writes the heads one after the other, since in the cascade each reads the one before.
class HeadChain {
 public:
  HeadChain(const SplitSettings& settings, graph::LayerWriter& writer, graph::ValueId x,
            graph::AxisId heads_axis)
      : settings_(settings), writer_(writer), x_(x), heads_axis_(heads_axis) {}

  graph::ValueId write_all(graph::ValueId bias, graph::AttentionTap& tap) {
    std::vector<graph::ValueId> outputs;
    for (std::size_t head = 0; head < settings_.heads(); ++head) {
      const graph::ValueId fed = feed(head, outputs);
      outputs.push_back(write_head(head, fed, bias, tap));
    }
    return writer_.concat(outputs, 1, "heads.join");
  }

 private:
  static std::string name_of(std::size_t head) { return "heads." + std::to_string(head); }

  graph::ValueId feed(std::size_t head, const std::vector<graph::ValueId>& outputs) {
    const std::size_t parts = writer_[x_].channels.size() / settings_.heads();
    const graph::ValueId own = writer_.split(x_, head * parts, parts, name_of(head) + ".split");
    if (!settings_.cascaded || head == 0) return own;
    const graph::ValueId before = outputs.back();
    return writer_[own].channels == writer_[before].channels
               ? writer_.add(own, before, name_of(head) + ".cascade")
               : writer_.add_leading(own, before, name_of(head) + ".cascade");
  }

  /// V of a head that feeds the next is the next split itself where their widths agree: the two
  /// are added, so they share their axes. The last head's V, and every V without a cascade, is
  /// free.
  graph::Extent value_axes(std::size_t head, graph::ValueId fed) {
    const auto index = static_cast<std::int32_t>(head);
    const graph::Index size = settings_.v[index];
    const bool feeds_next = settings_.cascaded && head + 1 < settings_.heads();
    if (feeds_next && size == writer_[fed].shape[1]) return writer_[fed].channels;
    const graph::AxisId axis =
        writer_.owned_axis(graph::AxisKind::kV, "v", size, index, heads_axis_, index);
    if (feeds_next) {
      constexpr std::string_view kWhy =
          "the cascade adds a V whose size is not the split's to the next split, by position";
      writer_.hold(axis, kWhy);
      for (const graph::AxisId embedding : writer_[fed].channels) writer_.hold(embedding, kWhy);
    }
    return {axis};
  }

  graph::ValueId write_head(std::size_t head, graph::ValueId fed, graph::ValueId bias,
                            graph::AttentionTap& tap) {
    const std::string name = name_of(head);
    const auto index = static_cast<std::int32_t>(head);
    const graph::AxisId qk = writer_.owned_axis(graph::AxisKind::kQk, "qk", settings_.qk[index],
                                                index, heads_axis_, index);
    const graph::Extent v_axes = value_axes(head, fed);
    graph::Extent projected{qk, qk};
    projected.append(v_axes);
    const graph::ValueId qkv =
        writer_.conv_norm(fed, projected, name + ".qkv", {.norm = settings_.norm});
    graph::ValueId q = writer_.split(qkv, 0, 1, name + ".q");
    const graph::ValueId k = writer_.split(qkv, 1, 1, name + ".k");
    const graph::ValueId v = writer_.split(qkv, 2, v_axes.size(), name + ".v");
    writer_.gate(k);
    writer_.gate(v);  // of a V that is the next split, the embedding's
    if (settings_.kernels[head] > 0)
      q = writer_.conv_norm(
          q, {qk}, name + ".interact",
          {.kernel = settings_.kernels[head], .depthwise = true, .norm = settings_.norm});
    const graph::Value values = writer_[v];
    const HeadResult result =
        attend_head(writer_, flat(q, name + ".q.flat"), flat(k, name + ".k.flat"),
                    flat(v, name + ".v.flat"), bias, index, settings_.scale, name);
    tap.maps.push_back(result.map);
    tap.outputs.push_back(result.output);
    return writer_.reshape(result.output, values.shape, 1, values.channels, name + ".map");
  }

  graph::ValueId flat(graph::ValueId x, const std::string& name) {
    const graph::Value value = writer_[x];
    return writer_.reshape(x, {value.shape[0], value.shape[1], value.shape[2] * value.shape[3]}, 1,
                           value.channels, name);
  }

  const SplitSettings& settings_;
  graph::LayerWriter& writer_;
  graph::ValueId x_;
  graph::AxisId heads_axis_;
};

graph::ValueId write_split_attention(const SplitSettings& settings, graph::LayerWriter& writer,
                                     graph::ValueId x, const graph::Extent& out) {
  const graph::Shape map = writer[x].shape;
  const Windows windows = windows_of(map[2], map[3], settings.window);
  // No spec says a gap in the splits, or in the cascade.
  const graph::AxisId heads =
      writer.axis(graph::AxisKind::kHead, "kernels", static_cast<graph::Index>(settings.heads()));
  writer.hold(heads, kHeadReadsSplit);
  const graph::ValueId inside = to_windows(writer, x, windows);
  const graph::ValueId bias = writer.position_bias(heads, windows.height, windows.width,
                                                   graph::BiasRule::kAbsoluteOffset, "bias");
  graph::AttentionTap tap{.heads = static_cast<graph::Index>(settings.heads()),
                          .windows = windows.count(),
                          .places = places_of(windows, map[2], map[3])};
  graph::ValueId y = HeadChain(settings, writer, inside, heads).write_all(bias, tap);
  writer.tap(tap);
  y = writer.activate(y, settings.activation, "activation");
  y = writer.conv_norm(y, out, "project", {.norm = settings.norm, .zero_scale = true});
  return writer.residual(x, from_windows(writer, y, windows, map[2], map[3]));
}

template <typename Layer>
LayerProblems check_splits(const Layer& layer, const graph::Value& input, graph::Index width) {
  LayerProblems problems;
  require_map(problems, input);
  require_positive(problems, "window", layer.window);
  if (layer.kernels.empty()) {
    problems.push_back({"kernels", "must name one kernel per head"});
    return problems;
  }
  for (const graph::Index kernel : layer.kernels)
    if (kernel != 0) require_odd(problems, "kernels", kernel);
  const graph::Index heads = layer.head_count();
  if (width % heads != 0)
    problems.push_back({"kernels", "make " + std::to_string(heads) +
                                       " heads, which do not divide the stage's width " +
                                       std::to_string(width)});
  check_heads(problems, layer.qk, layer.v, heads, layer.scale);
  return problems;
}

}  // namespace

void CascadedAttention::follow_width(graph::Index before, graph::Index after) {
  const graph::Index heads = head_count();
  for (graph::Index head = 0; head + 1 < heads; ++head)
    if (v[head] == before / heads) v.sizes[static_cast<std::size_t>(head)] = after / heads;
}

LayerProblems check(const GroupedAttention& layer, const graph::Value& input, graph::Index width) {
  return check_splits(layer, input, width);
}

LayerProblems check(const CascadedAttention& layer, const graph::Value& input, graph::Index width) {
  return check_splits(layer, input, width);
}

graph::ValueId write(const GroupedAttention& l, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  return write_split_attention(
      {false, l.window, l.qk, l.v, l.kernels, l.scale, l.norm, l.activation}, writer, x, out);
}

graph::ValueId write(const CascadedAttention& l, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out) {
  return write_split_attention(
      {true, l.window, l.qk, l.v, l.kernels, l.scale, l.norm, l.activation}, writer, x, out);
}

}  // namespace vitlab::layers
