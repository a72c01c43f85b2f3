#pragma once

#include <cstdint>

#include "graph/shape.h"

namespace vitlab::graph {

/// Where the tokens of an attention lie on a map of height x width pixels of the layer. Windows
/// stand side by side, row by row; in each, its class tokens come first, then rows x columns
/// tokens.
struct TokenPlaces {
  static constexpr Index kPadding = -1, kClassToken = -2;

  Index height = 0, width = 0;
  Index rows = 0, columns = 0;
  Index class_tokens = 0;
  Index windows_across = 1;
  Index window_down = 0, window_across = 0;  // pixels from one window to the next
  Index token_step = 1;                      // pixels from one token of a window to the next
  Index shift_down = 0, shift_across = 0;    // pixels that all stand further on, around the edges

  /// The tokens of one window.
  Index tokens() const { return class_tokens + rows * columns; }

  /// The pixel of a window's token, counted row by row; kPadding beyond the map, or kClassToken.
  Index place(Index window, Index token) const {
    if (token < class_tokens) return kClassToken;
    const Index on_grid = token - class_tokens;
    const Index y = window / windows_across * window_down + on_grid / columns * token_step;
    const Index x = window % windows_across * window_across + on_grid % columns * token_step;
    if (y >= height || x >= width) return kPadding;
    return (y + shift_down) % height * width + (x + shift_across) % width;
  }

  friend bool operator==(const TokenPlaces&, const TokenPlaces&) = default;
};

/// What the entries of a parameter whose shape follows the size of the images stand for: the places
/// of a height x width grid, or the offsets between them.
struct PlaceTable {
  enum class Kind : std::uint8_t {
    kEmbedding,  // (1, class tokens + height·width, C): ViT's position embedding
    kAbsolute,   // (heads, height·width): BiasRule::kAbsoluteOffset
    kSigned,     // ((2·height - 1)(2·width - 1), heads): BiasRule::kSignedOffset
  };
  Kind kind = Kind::kEmbedding;
  Index height = 0, width = 0;
  Index class_tokens = 0;
};

}  // namespace vitlab::graph
