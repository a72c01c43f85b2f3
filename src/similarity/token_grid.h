#pragma once

#include <vector>

#include <ATen/ATen.h>

#include "graph/graph.h"

namespace vitlab::similarity {

/// Where the tokens of an attention layer lie: on a map of `height` x `width` pixels of the layer,
/// cut into windows of which each is a grid of rows x columns tokens, behind its class tokens.
struct TokenGrid {
  graph::Index height = 0, width = 0;
  graph::Index windows = 1;
  graph::Index rows = 0, columns = 0;
  graph::Index class_tokens = 0;
  double pixels_down = 1, pixels_across = 1;  // of the image, from one token to the next
  /// By window and token: which pixel of the map, row by row, or -1 for padding.
  std::vector<graph::Index> places;
};

/// The places that the layer told its tap of, listed.
TokenGrid token_grid(const graph::Graph& graph, const graph::AttentionTap& tap);

/// Distances in pixels of the image between the tokens of one window, Euclidean; 0 to and from
/// class tokens. (tokens, tokens) in float64.
at::Tensor token_distances(const TokenGrid& grid);

}  // namespace vitlab::similarity
