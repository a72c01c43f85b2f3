#pragma once

#include <string>
#include <string_view>
#include <tuple>

#include "layers/fields.h"

namespace vitlab::layers {

/// EfficientViT's and LeViT's head: mean over the map, batch norm, linear.
struct NormLinearHead {
  static constexpr std::string_view kName = "norm_linear";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kHead;

  graph::Index classes = 1000;

  static constexpr auto fields() {
    return std::tuple{required("classes", &NormLinearHead::classes)};
  }
  friend bool operator==(const NormLinearHead&, const NormLinearHead&) = default;
};

/// ViT's head: layer norm on tokens (unless a token_norm has done it), then the class token (or,
/// without one, the mean of all tokens), then linear. On pixel tokens (N, H, W, C) it takes the
/// mean: Swin's head.
struct TokenHead {
  static constexpr std::string_view kName = "token_head";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kHead;

  graph::Index classes = 1000;
  graph::Index token = 0;    // which class token
  bool mean_tokens = false;  // the mean of all tokens instead
  bool norm = true;
  double epsilon = 1e-6;  // of the layer norm

  static constexpr auto fields() {
    return std::tuple{required("classes", &TokenHead::classes),
                      optional("token", &TokenHead::token),
                      optional("mean_tokens", &TokenHead::mean_tokens),
                      optional("norm", &TokenHead::norm), optional("epsilon", &TokenHead::epsilon)};
  }
  friend bool operator==(const TokenHead&, const TokenHead&) = default;
};

LayerProblems check(const NormLinearHead& layer, const graph::Value& input, graph::Index width);
LayerProblems check(const TokenHead& layer, const graph::Value& input, graph::Index width);
/// Logits (N, classes); heads choose their own output axis, so `out` is not read.
graph::ValueId write(const NormLinearHead& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);
graph::ValueId write(const TokenHead& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);

}  // namespace vitlab::layers
