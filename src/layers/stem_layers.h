#pragma once

#include <string_view>
#include <tuple>
#include <vector>

#include "layers/fields.h"

namespace vitlab::layers {

/// EfficientViT's overlapping patch embedding: 3x3 convolutions of stride 2, one per width; no
/// activation behind the last. The last width is the first stage's.
struct ConvolutionStem {
  static constexpr std::string_view kName = "convolutions";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kStem;

  std::vector<graph::Index> widths;
  graph::Norm norm = graph::Norm::kBatch;
  graph::Activation activation = graph::Activation::kRelu;

  static constexpr auto fields() {
    return std::tuple{required("widths", &ConvolutionStem::widths),
                      optional("norm", &ConvolutionStem::norm),
                      optional("activation", &ConvolutionStem::activation)};
  }
  void follow_width(graph::Index /*before*/, graph::Index after) { widths.back() = after; }
  friend bool operator==(const ConvolutionStem&, const ConvolutionStem&) = default;
};

/// ViT's patch embedding (arXiv 2010.11929): one convolution of kernel and stride `size`, then
/// tokens (N, T, C), class tokens before them and a learned position embedding.
struct PatchStem {
  static constexpr std::string_view kName = "patches";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kStem;

  graph::Index size = 16;
  graph::Index class_tokens = 1;
  bool position_embedding = true;

  static constexpr auto fields() {
    return std::tuple{optional("size", &PatchStem::size),
                      optional("class_tokens", &PatchStem::class_tokens),
                      optional("position_embedding", &PatchStem::position_embedding)};
  }
  friend bool operator==(const PatchStem&, const PatchStem&) = default;
};

LayerProblems check(const ConvolutionStem& layer, const graph::Value& input, graph::Index width);
LayerProblems check(const PatchStem& layer, const graph::Value& input, graph::Index width);
/// Problems of a patch that does not divide the image.
void check_patch_size(LayerProblems& problems, graph::Index size, const graph::Value& image);
/// From the image (N, C, H, W) to the first stage, whose embedding is `out`.
graph::ValueId write(const ConvolutionStem& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);
graph::ValueId write(const PatchStem& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);

}  // namespace vitlab::layers
