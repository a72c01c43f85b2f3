#include "similarity/token_grid.h"

#include <cmath>

namespace vitlab::similarity {

TokenGrid token_grid(const graph::Graph& graph, const graph::AttentionTap& tap) {
  const graph::Shape& image = graph.value(graph.input).shape;
  const graph::TokenPlaces& places = tap.places;
  const auto pixels = [&](graph::Index image_side, graph::Index map_side) {
    return static_cast<double>(image_side * places.token_step) / static_cast<double>(map_side);
  };
  TokenGrid grid{.height = places.height,
                 .width = places.width,
                 .windows = tap.windows,
                 .rows = places.rows,
                 .columns = places.columns,
                 .class_tokens = places.class_tokens,
                 .pixels_down = pixels(image[2], places.height),
                 .pixels_across = pixels(image[3], places.width),
                 .places = {}};
  for (graph::Index window = 0; window < tap.windows; ++window)
    for (graph::Index token = places.class_tokens; token < places.tokens(); ++token)
      grid.places.push_back(places.place(window, token));
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
