#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/layer_writer.h"
#include "layers/fields.h"

namespace vitlab::layers {

/// The windows that a map is cut into: one if the map is no larger than the window.
struct Windows {
  graph::Index height = 0, width = 0;  // of one window
  graph::Index rows = 1, columns = 1;  // how many
  graph::Index pad_rows = 0, pad_columns = 0;
  bool partitioned = false;

  graph::Index count() const { return rows * columns; }
  graph::Index tokens() const { return height * width; }
};

/// Cuts height x width into windows of at most side x side, padded with zeros below and to the
/// right where they do not fit (as EfficientViT's code does); side 0 means the whole map.
Windows windows_of(graph::Index height, graph::Index width, graph::Index side);

/// Where the tokens of those windows lie on a map of `height` x `width`.
graph::TokenPlaces places_of(const Windows& windows, graph::Index height, graph::Index width);

/// (N, C, H, W) -> (N·windows, C, h, w), and back with the padding cut off.
graph::ValueId to_windows(graph::LayerWriter& writer, graph::ValueId x, const Windows& windows);
graph::ValueId from_windows(graph::LayerWriter& writer, graph::ValueId x, const Windows& windows,
                            graph::Index height, graph::Index width);

/// Why attention on splits holds its heads.
constexpr std::string_view kHeadReadsSplit =
    "each head reads its own split of the embedding, and a spec cannot leave a split out";

/// Axes of the heads of one attention layer; QK and V of head i are owned by unit i of `heads`.
struct HeadAxes {
  graph::AxisId heads;
  graph::Extent qk, v;
};
HeadAxes head_axes(graph::LayerWriter& writer, const PerHead& qk, const PerHead& v);

/// One head's softmax(q^T k · scale + bias) and what it does to v, all maps flattened to
/// (M, channels, T). `bias` is (heads, T, T) or none; a scale of 1 writes no node.
struct HeadResult {
  graph::ValueId map;     // (M, T, T)
  graph::ValueId output;  // (M, V, T)
};
HeadResult attend_head(graph::LayerWriter& writer, graph::ValueId q, graph::ValueId k,
                       graph::ValueId v, graph::ValueId bias, graph::Index head, double scale,
                       const std::string& name);

/// Problems of the settings that every attention layer has.
void check_heads(LayerProblems& problems, const PerHead& qk, const PerHead& v, graph::Index heads,
                 double scale);

}  // namespace vitlab::layers
