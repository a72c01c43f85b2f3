#include "layers/attention_parts.h"

#include <algorithm>
#include <cmath>

namespace vitlab::layers {

Windows windows_of(graph::Index height, graph::Index width, graph::Index side) {
  if (side == 0 || (height <= side && width <= side)) return {height, width};
  Windows w{side, side};
  w.partitioned = true;
  w.rows = (height + side - 1) / side;
  w.columns = (width + side - 1) / side;
  w.pad_rows = w.rows * side - height;
  w.pad_columns = w.columns * side - width;
  return w;
}

graph::TokenPlaces places_of(const Windows& windows, graph::Index height, graph::Index width) {
  return {.height = height,
          .width = width,
          .rows = windows.height,
          .columns = windows.width,
          .windows_across = windows.columns,
          .window_down = windows.height,
          .window_across = windows.width};
}

graph::ValueId to_windows(graph::LayerWriter& writer, graph::ValueId x, const Windows& windows) {
  if (!windows.partitioned) return x;
  x = writer.pad(x, 2, windows.pad_rows, windows.pad_columns, "windows.pad");
  const graph::Value map = writer[x];
  const graph::Index n = map.shape[0], channels = map.shape[1];
  x = writer.reshape(x, {n, channels, windows.rows, windows.height, windows.columns, windows.width},
                     1, map.channels, "windows.cut");
  x = writer.permute(x, {0, 2, 4, 1, 3, 5}, "windows.order");
  return writer.reshape(x, {n * windows.count(), channels, windows.height, windows.width}, 1,
                        map.channels, "windows.stack");
}

graph::ValueId from_windows(graph::LayerWriter& writer, graph::ValueId x, const Windows& windows,
                            graph::Index height, graph::Index width) {
  if (!windows.partitioned) return x;
  const graph::Value stack = writer[x];
  const graph::Index n = stack.shape[0] / windows.count(), channels = stack.shape[1];
  x = writer.reshape(x, {n, windows.rows, windows.columns, channels, windows.height, windows.width},
                     3, stack.channels, "windows.unstack");
  x = writer.permute(x, {0, 3, 1, 4, 2, 5}, "windows.restore");
  x = writer.reshape(x,
                     {n, channels, windows.rows * windows.height, windows.columns * windows.width},
                     1, stack.channels, "windows.join");
  return writer.crop(x, 2, height, width, "windows.crop");
}

HeadAxes head_axes(graph::LayerWriter& writer, const PerHead& qk, const PerHead& v) {
  HeadAxes axes;
  axes.heads = writer.axis(graph::AxisKind::kHead, "heads", qk.count());
  for (graph::Index head = 0; head < qk.count(); ++head) {
    const auto index = static_cast<std::int32_t>(head);
    axes.qk.push_back(
        writer.owned_axis(graph::AxisKind::kQk, "qk", qk[head], index, axes.heads, head));
    axes.v.push_back(writer.owned_axis(graph::AxisKind::kV, "v", v[head], index, axes.heads, head));
  }
  return axes;
}

HeadResult attend_head(graph::LayerWriter& writer, graph::ValueId q, graph::ValueId k,
                       graph::ValueId v, graph::ValueId bias, graph::Index head, double scale,
                       const std::string& name) {
  if (scale != 1) q = writer.scale(q, scale, name + ".scale");
  graph::ValueId map = writer.matrix_multiply(q, k, true, false, name + ".scores");
  if (bias.valid()) {
    const graph::ValueId own = writer.slice(bias, 0, head, 1, name + ".bias");
    map = writer.add_broadcast(map, own, name + ".with_bias");
  }
  map = writer.softmax(map, name + ".softmax");
  return {map, writer.matrix_multiply(v, map, false, true, name + ".mix")};
}

void check_heads(LayerProblems& problems, const PerHead& qk, const PerHead& v, graph::Index heads,
                 double scale) {
  if (heads < 1) problems.push_back({"heads", "must be at least 1"});
  const auto sizes = [&](const char* field, const PerHead& per_head) {
    if (per_head.count() != heads)
      problems.push_back({field, "must be one number or one per head (" + std::to_string(heads) +
                                     "), got " + std::to_string(per_head.count())});
    for (const graph::Index size : per_head.sizes)
      if (size < 1) problems.push_back({field, "must be at least 1, got " + std::to_string(size)});
  };
  sizes("qk", qk);
  sizes("v", v);
  if (!(scale > 0) || !std::isfinite(scale))
    problems.push_back({"scale", "must be a positive number"});
}

}  // namespace vitlab::layers
