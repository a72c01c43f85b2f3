#pragma once

#include <string_view>
#include <tuple>
#include <vector>

#include "layers/fields.h"

namespace vitlab::layers {

/// Multi-head self-attention over the whole map: every head sees all channels. One 1x1 convolution
/// makes q, k, v; learned biases by |dy|, |dx|; activation and 1x1 projection; residual.
struct FullAttention {
  static constexpr std::string_view kName = "full_attention";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kAttention;

  graph::Index heads = 0;
  PerHead qk, v;
  double scale = 0;
  graph::Norm norm = graph::Norm::kBatch;
  graph::Activation activation = graph::Activation::kRelu;

  static constexpr auto fields() {
    return std::tuple{required("heads", &FullAttention::heads),
                      required("qk", &FullAttention::qk),
                      required("v", &FullAttention::v),
                      required("scale", &FullAttention::scale),
                      optional("norm", &FullAttention::norm),
                      optional("activation", &FullAttention::activation)};
  }
  graph::Index head_count() const { return heads; }
  friend bool operator==(const FullAttention&, const FullAttention&) = default;
};

/// The same inside windows of `window` x `window`, padded with zeros where they do not fit.
struct WindowAttention {
  static constexpr std::string_view kName = "window_attention";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kAttention;

  graph::Index heads = 0;
  graph::Index window = 7;
  PerHead qk, v;
  double scale = 0;
  graph::Norm norm = graph::Norm::kBatch;
  graph::Activation activation = graph::Activation::kRelu;

  static constexpr auto fields() {
    return std::tuple{required("heads", &WindowAttention::heads),
                      optional("window", &WindowAttention::window),
                      required("qk", &WindowAttention::qk),
                      required("v", &WindowAttention::v),
                      required("scale", &WindowAttention::scale),
                      optional("norm", &WindowAttention::norm),
                      optional("activation", &WindowAttention::activation)};
  }
  graph::Index head_count() const { return heads; }
  friend bool operator==(const WindowAttention&, const WindowAttention&) = default;
};

/// Attention whose head i sees only split i of the channels, with a depthwise convolution of its
/// own kernel on q (EfficientViT without the cascade). One kernel per head; 0: no convolution.
struct GroupedAttention {
  static constexpr std::string_view kName = "grouped_attention";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kAttention;

  graph::Index window = 7;
  PerHead qk, v;
  std::vector<graph::Index> kernels;
  double scale = 0;
  graph::Norm norm = graph::Norm::kBatch;
  graph::Activation activation = graph::Activation::kRelu;

  static constexpr auto fields() {
    return std::tuple{optional("window", &GroupedAttention::window),
                      required("qk", &GroupedAttention::qk),
                      required("v", &GroupedAttention::v),
                      required("kernels", &GroupedAttention::kernels),
                      required("scale", &GroupedAttention::scale),
                      optional("norm", &GroupedAttention::norm),
                      optional("activation", &GroupedAttention::activation)};
  }
  graph::Index head_count() const { return static_cast<graph::Index>(kernels.size()); }
  graph::Index splits() const { return head_count(); }
  friend bool operator==(const GroupedAttention&, const GroupedAttention&) = default;
};

/// EfficientViT's cascaded group attention: as grouped, and head i sees split i plus the output of
/// head i-1. Where V of head i-1 and the split differ in width, the first min(V, split) channels of
/// the output are added to the first channels of the split (the paper does not say).
struct CascadedAttention {
  static constexpr std::string_view kName = "cascaded_attention";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kAttention;

  graph::Index window = 7;
  PerHead qk, v;
  std::vector<graph::Index> kernels;
  double scale = 0;
  graph::Norm norm = graph::Norm::kBatch;
  graph::Activation activation = graph::Activation::kRelu;

  static constexpr auto fields() {
    return std::tuple{optional("window", &CascadedAttention::window),
                      required("qk", &CascadedAttention::qk),
                      required("v", &CascadedAttention::v),
                      required("kernels", &CascadedAttention::kernels),
                      required("scale", &CascadedAttention::scale),
                      optional("norm", &CascadedAttention::norm),
                      optional("activation", &CascadedAttention::activation)};
  }
  graph::Index head_count() const { return static_cast<graph::Index>(kernels.size()); }
  graph::Index splits() const { return head_count(); }
  /// A V that feeds the next head and is as wide as a split stays that.
  void follow_width(graph::Index before, graph::Index after);
  friend bool operator==(const CascadedAttention&, const CascadedAttention&) = default;
};

LayerProblems check(const FullAttention& layer, const graph::Value& input, graph::Index width);
LayerProblems check(const WindowAttention& layer, const graph::Value& input, graph::Index width);
LayerProblems check(const GroupedAttention& layer, const graph::Value& input, graph::Index width);
LayerProblems check(const CascadedAttention& layer, const graph::Value& input, graph::Index width);
graph::ValueId write(const FullAttention& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);
graph::ValueId write(const WindowAttention& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);
graph::ValueId write(const GroupedAttention& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);
graph::ValueId write(const CascadedAttention& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);

}  // namespace vitlab::layers
