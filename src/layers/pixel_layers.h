#pragma once

#include <string_view>
#include <tuple>

#include "layers/fields.h"

namespace vitlab::layers {

// Layers of Swin (arXiv 2103.14030) and SwinV2 (arXiv 2111.09883): values are pixel tokens
// (N, H, W, C).

/// Swin's patch embedding: one convolution of kernel and stride `size`, then pixel tokens and a
/// layer norm.
struct PatchMapStem {
  static constexpr std::string_view kName = "patch_map";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kStem;

  graph::Index size = 4;

  static constexpr auto fields() { return std::tuple{optional("size", &PatchMapStem::size)}; }
  friend bool operator==(const PatchMapStem&, const PatchMapStem&) = default;
};

/// Swin's patch merging between stages: each 2 x 2 pixels laid end to end (odd maps padded with
/// zeros), layer norm, linear without bias to the next stage's width. With `post_norm` the norm
/// stands behind the linear layer, as in SwinV2.
struct PatchMerging {
  static constexpr std::string_view kName = "patch_merging";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kDownsample;

  bool post_norm = false;

  static constexpr auto fields() {
    return std::tuple{optional("post_norm", &PatchMerging::post_norm)};
  }
  friend bool operator==(const PatchMerging&, const PatchMerging&) = default;
};

/// Attention in shifted windows: x + project(attention(norm(x))). Windows are `window` x `window`,
/// or as large as a smaller map; the map is rolled by `shift` up and to the left (not along a side
/// that one window covers), padded with zeros below and to the right, and tokens that were no
/// neighbours do not see one another. Biases are learned by offset. With `split`, head i reads only
/// split i of the channels.
struct ShiftedAttention {
  static constexpr std::string_view kName = "shifted_attention";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kAttention;

  graph::Index heads = 0;
  graph::Index window = 7;
  graph::Index shift = 0;
  PerHead qk, v;
  double scale = 0;
  bool qkv_bias = true;
  bool split = false;

  static constexpr auto fields() {
    return std::tuple{required("heads", &ShiftedAttention::heads),
                      optional("window", &ShiftedAttention::window),
                      optional("shift", &ShiftedAttention::shift),
                      required("qk", &ShiftedAttention::qk),
                      required("v", &ShiftedAttention::v),
                      required("scale", &ShiftedAttention::scale),
                      optional("qkv_bias", &ShiftedAttention::qkv_bias),
                      optional("split", &ShiftedAttention::split)};
  }
  graph::Index head_count() const { return heads; }
  graph::Index splits() const { return split ? heads : 1; }
  friend bool operator==(const ShiftedAttention&, const ShiftedAttention&) = default;
};

/// SwinV2's attention in the same windows: x + norm(project(attention(x))). Scores are cosines
/// times a learned factor a head, at most 100, plus 16·sigmoid of a bias that a network of
/// `bias_hidden` units makes from log-spaced offsets; keys have no bias.
struct CosineAttention {
  static constexpr std::string_view kName = "cosine_attention";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kAttention;

  graph::Index heads = 0;
  graph::Index window = 8;
  graph::Index shift = 0;
  PerHead qk, v;
  bool qkv_bias = true;
  graph::Index bias_hidden = 512;
  bool split = false;

  static constexpr auto fields() {
    return std::tuple{required("heads", &CosineAttention::heads),
                      optional("window", &CosineAttention::window),
                      optional("shift", &CosineAttention::shift),
                      required("qk", &CosineAttention::qk),
                      required("v", &CosineAttention::v),
                      optional("qkv_bias", &CosineAttention::qkv_bias),
                      optional("bias_hidden", &CosineAttention::bias_hidden),
                      optional("split", &CosineAttention::split)};
  }
  graph::Index head_count() const { return heads; }
  graph::Index splits() const { return split ? heads : 1; }
  friend bool operator==(const CosineAttention&, const CosineAttention&) = default;
};

LayerProblems check(const PatchMapStem& layer, const graph::Value& input, graph::Index width);
LayerProblems check(const PatchMerging& layer, const graph::Value& input, graph::Index width);
LayerProblems check(const ShiftedAttention& layer, const graph::Value& input, graph::Index width);
LayerProblems check(const CosineAttention& layer, const graph::Value& input, graph::Index width);
graph::ValueId write(const PatchMapStem& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);
graph::ValueId write(const PatchMerging& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);
graph::ValueId write(const ShiftedAttention& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);
graph::ValueId write(const CosineAttention& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);

/// The windows and shifts that a map of this size has with these settings: what the layers use.
struct ShiftedWindows {
  graph::Index height = 0, width = 0;  // of one window
  graph::Index rows = 1, columns = 1;  // how many
  graph::Index shift_rows = 0, shift_columns = 0;

  graph::Index count() const { return rows * columns; }
  graph::Index tokens() const { return height * width; }
};
ShiftedWindows shifted_windows(graph::Index height, graph::Index width, graph::Index window,
                               graph::Index shift);

/// The epsilon of every layer norm of Swin, PyTorch's own.
constexpr double kPixelNormEpsilon = 1e-5;

/// Whether the input is pixel tokens (N, H, W, C); if not, a problem.
bool require_pixels(LayerProblems& problems, const graph::Value& input);

}  // namespace vitlab::layers
