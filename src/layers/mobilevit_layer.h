#pragma once

#include <string_view>
#include <tuple>
#include <vector>

#include "layers/fields.h"
#include "layers/layer_counts.h"

namespace vitlab::layers {

/// MobileViT's block (arXiv 2110.02178, Fig 1): a convolution and a 1x1 to tokens of `width`; in
/// each of `patch` x `patch` places the pixels of all patches attend to one another, through one
/// pre-norm transformer block per entry of `hidden`; norm, 1x1 back, and a convolution over the
/// input beside the result. `qk` and `v` list the heads of the first block, then of the next.
struct MobileVitLayer {
  static constexpr std::string_view kName = "mobilevit";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kAttention;

  graph::Index width = 0;
  graph::Index heads = 4;  // of each block
  PerHead qk, v;
  double scale = 0;
  std::vector<graph::Index> hidden;  // of the FFN of each block
  graph::Index patch = 2;
  graph::Index kernel = 3;
  graph::Norm norm = graph::Norm::kBatch;
  graph::Activation activation = graph::Activation::kSilu;

  static constexpr auto fields() {
    return std::tuple{required("width", &MobileVitLayer::width),
                      optional("heads", &MobileVitLayer::heads),
                      required("qk", &MobileVitLayer::qk),
                      required("v", &MobileVitLayer::v),
                      required("scale", &MobileVitLayer::scale),
                      required("hidden", &MobileVitLayer::hidden),
                      optional("patch", &MobileVitLayer::patch),
                      optional("kernel", &MobileVitLayer::kernel),
                      optional("norm", &MobileVitLayer::norm),
                      optional("activation", &MobileVitLayer::activation)};
  }
  graph::Index block_count() const { return static_cast<graph::Index>(hidden.size()); }
  /// The heads of all blocks.
  graph::Index head_count() const { return heads > 4096 ? heads : heads * block_count(); }
  LayerCounts counts() const { return {.attention = block_count(), .ffn = block_count()}; }
  /// Its heads are held: they all stay.
  void keep_heads(const std::vector<graph::Index>& kept) const;
  friend bool operator==(const MobileVitLayer&, const MobileVitLayer&) = default;
};

/// The map's sides must be multiples of `patch`.
LayerProblems check(const MobileVitLayer& layer, const graph::Value& input, graph::Index width);
graph::ValueId write(const MobileVitLayer& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);

}  // namespace vitlab::layers
