#include "similarity/token_grid.h"

#include <cmath>
#include <stdexcept>
#include <variant>

#include "core/error.h"
#include "layers/mobilevit_layer.h"

namespace vitlab::similarity {

namespace {

struct MapSize {
  graph::Index height = 0, width = 0;
};

/// The value's size as one map of an image; nothing (0 x 0) for tokens and other values.
MapSize map_size(const graph::Value& value) {
  if (!value.batched || value.shape.rank() != 4 || value.shape[0] != 1) return {};
  if (value.channel_dim == 1) return {value.shape[2], value.shape[3]};
  if (value.channel_dim == 3) return {value.shape[1], value.shape[2]};
  return {};
}

/// The first node of a layer; what it reads first is what the layer reads.
graph::NodeId first_node(const graph::Graph& graph, graph::LayerId layer) {
  for (const graph::NodeId i : graph.nodes.ids())
    if (graph.nodes[i].layer == layer && !graph.nodes[i].inputs.empty()) return i;
  throw std::logic_error("a layer with attention has nodes");
}

/// The last map of channels before a node that reads tokens; experts' slots are no maps.
MapSize map_before(const graph::Graph& graph, graph::NodeId node) {
  for (std::size_t i = node.index(); i-- > 0;) {
    const graph::Value& value = graph.value(graph.nodes[graph::NodeId(i)].output);
    if (value.channel_dim == 1 && map_size(value).height > 0) return map_size(value);
  }
  return map_size(graph.value(graph.input));
}

/// How far windows are shifted: the layer's first roll, which moves the map against it.
graph::Roll shift_of(const graph::Graph& graph, graph::LayerId layer) {
  for (const graph::Node& node : graph.nodes)
    if (node.layer == layer)
      if (const auto* roll = std::get_if<graph::Roll>(&node.op)) return *roll;
  return {};
}

graph::Index wrapped(graph::Index position, graph::Index size) {
  return (position % size + size) % size;
}

/// Windows stand side by side, over padding at the lower and right ends.
void place_windows(TokenGrid& grid, const graph::Roll& shift) {
  const graph::Index across = (grid.width + grid.columns - 1) / grid.columns;
  for (graph::Index window = 0; window < grid.windows; ++window)
    for (graph::Index token = 0; token < grid.rows * grid.columns; ++token) {
      const graph::Index y = window / across * grid.rows + token / grid.columns;
      const graph::Index x = window % across * grid.columns + token % grid.columns;
      const bool is_padding = y >= grid.height || x >= grid.width;
      grid.places.push_back(is_padding ? -1
                                       : wrapped(y - shift.rows, grid.height) * grid.width +
                                             wrapped(x - shift.columns, grid.width));
    }
}

/// The tokens of one "window" stand a patch apart.
void place_patches(TokenGrid& grid) {
  const graph::Index down = grid.height / grid.rows, across = grid.width / grid.columns;
  for (graph::Index place = 0; place < grid.windows; ++place)
    for (graph::Index token = 0; token < grid.rows * grid.columns; ++token)
      grid.places.push_back((token / grid.columns * down + place / across) * grid.width +
                            token % grid.columns * across + place % across);
}

}  // namespace

TokenGrid token_grid(const graph::Graph& graph, const graph::AttentionTap& tap) {
  const graph::Shape& image = graph.value(graph.input).shape;
  const graph::NodeId first = first_node(graph, tap.layer);
  const graph::Value& read = graph.value(graph.nodes[first].inputs[0]);
  const bool reads_tokens = read.shape.rank() == 3;
  const MapSize map = reads_tokens ? map_before(graph, first) : map_size(read);
  TokenGrid grid{.height = map.height,
                 .width = map.width,
                 .windows = tap.windows,
                 .rows = tap.height,
                 .columns = tap.width,
                 .class_tokens = tap.class_tokens};
  const bool has_patches = graph.layer(tap.layer).kind == layers::MobileVitLayer::kName;
  const graph::Index tokens = graph.value(tap.maps.front()).shape.back();
  // ViT's tokens are a row to their layer; class tokens stand before those of the map.
  if (reads_tokens) {
    grid.rows = map.height;
    grid.columns = map.width;
    grid.class_tokens = tokens - map.height * map.width;
  }
  core::ensure(grid.class_tokens >= 0 && grid.rows * grid.columns + grid.class_tokens == tokens,
               "a grid holds a layer's tokens");
  const auto pixels = [](graph::Index image_side, graph::Index tokens_along) {
    return static_cast<double>(image_side) / static_cast<double>(tokens_along);
  };
  grid.pixels_down = pixels(image[2], has_patches ? grid.rows : grid.height);
  grid.pixels_across = pixels(image[3], has_patches ? grid.columns : grid.width);
  if (has_patches)
    place_patches(grid);
  else
    place_windows(grid, shift_of(graph, tap.layer));
  return grid;
}

at::Tensor token_distances(const TokenGrid& grid) {
  const graph::Index tokens = grid.rows * grid.columns + grid.class_tokens;
  at::Tensor distances = at::zeros({tokens, tokens}, at::kDouble);
  auto entries = distances.accessor<double, 2>();
  for (graph::Index a = grid.class_tokens; a < tokens; ++a)
    for (graph::Index b = grid.class_tokens; b < tokens; ++b) {
      const graph::Index from = a - grid.class_tokens, to = b - grid.class_tokens;
      const auto down = static_cast<double>(from / grid.columns - to / grid.columns);
      const auto across = static_cast<double>(from % grid.columns - to % grid.columns);
      entries[a][b] = std::hypot(down * grid.pixels_down, across * grid.pixels_across);
    }
  return distances;
}

}  // namespace vitlab::similarity
