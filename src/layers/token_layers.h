#pragma once

#include <string_view>
#include <tuple>

#include "layers/fields.h"

namespace vitlab::layers {

/// The epsilon of layer norms on tokens in DeiT and timm's ViT.
constexpr double kTokenNormEpsilon = 1e-6;

/// ViT's pre-norm multi-head attention on tokens (N, T, C): x + proj(attention(norm(x))). With
/// `split`, head i reads only split i of the normed channels for its query, key and value.
struct TokenAttention {
  static constexpr std::string_view kName = "token_attention";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kAttention;

  graph::Index heads = 0;
  PerHead qk, v;
  double scale = 0;
  bool qkv_bias = true;
  bool split = false;
  double epsilon = kTokenNormEpsilon;  // of the layer norm

  static constexpr auto fields() {
    return std::tuple{required("heads", &TokenAttention::heads),
                      required("qk", &TokenAttention::qk),
                      required("v", &TokenAttention::v),
                      required("scale", &TokenAttention::scale),
                      optional("qkv_bias", &TokenAttention::qkv_bias),
                      optional("split", &TokenAttention::split),
                      optional("epsilon", &TokenAttention::epsilon)};
  }
  graph::Index head_count() const { return heads; }
  graph::Index splits() const { return split ? heads : 1; }
  friend bool operator==(const TokenAttention&, const TokenAttention&) = default;
};

/// ViT's pre-norm FFN on tokens (N, T, C) or pixel tokens (N, H, W, C):
/// x + fc2(activation(fc1(norm(x)))); with `post_norm` SwinV2's, x + norm(fc2(activation(fc1(x)))).
struct TokenFfn {
  static constexpr std::string_view kName = "token_ffn";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kFfn;

  graph::Index hidden = 0;
  graph::Activation activation = graph::Activation::kGelu;
  double epsilon = kTokenNormEpsilon;  // of the layer norm
  bool post_norm = false;

  static constexpr auto fields() {
    return std::tuple{
        required("hidden", &TokenFfn::hidden), optional("activation", &TokenFfn::activation),
        optional("epsilon", &TokenFfn::epsilon), optional("post_norm", &TokenFfn::post_norm)};
  }
  friend bool operator==(const TokenFfn&, const TokenFfn&) = default;
};

/// Layer norm on tokens (N, T, C) or pixel tokens (N, H, W, C), outside any residual: the one that
/// DeiT's two heads read behind with distillation, and SwinV2-G's on the main branch.
struct TokenNorm {
  static constexpr std::string_view kName = "token_norm";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kNorm;

  double epsilon = kTokenNormEpsilon;

  static constexpr auto fields() { return std::tuple{optional("epsilon", &TokenNorm::epsilon)}; }
  friend bool operator==(const TokenNorm&, const TokenNorm&) = default;
};

LayerProblems check(const TokenAttention& layer, const graph::Value& input, graph::Index width);
LayerProblems check(const TokenFfn& layer, const graph::Value& input, graph::Index width);
LayerProblems check(const TokenNorm& layer, const graph::Value& input, graph::Index width);
graph::ValueId write(const TokenAttention& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);
graph::ValueId write(const TokenFfn& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);
graph::ValueId write(const TokenNorm& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);

}  // namespace vitlab::layers
