#pragma once

#include <string_view>
#include <tuple>

#include "layers/fields.h"

namespace vitlab {

/// ViT's pre-norm multi-head attention on tokens (N, T, C): x + proj(attention(norm(x))). With
/// `split`, head i reads only split i of the normed channels for its query, key and value.
struct TokenAttention {
  static constexpr std::string_view kName = "token_attention";
  static constexpr LayerRole kRole = LayerRole::kAttention;

  Index heads = 0;
  PerHead qk, v;
  double scale = 0;
  bool qkv_bias = true;
  bool split = false;

  static constexpr auto fields() {
    return std::tuple{required("heads", &TokenAttention::heads),
                      required("qk", &TokenAttention::qk),
                      required("v", &TokenAttention::v),
                      required("scale", &TokenAttention::scale),
                      optional("qkv_bias", &TokenAttention::qkv_bias),
                      optional("split", &TokenAttention::split)};
  }
  Index head_count() const { return heads; }
  friend bool operator==(const TokenAttention&, const TokenAttention&) = default;
};

/// ViT's pre-norm FFN on tokens: x + fc2(activation(fc1(norm(x)))).
struct TokenFfn {
  static constexpr std::string_view kName = "token_ffn";
  static constexpr LayerRole kRole = LayerRole::kFfn;

  Index hidden = 0;
  Activation activation = Activation::kGelu;

  static constexpr auto fields() {
    return std::tuple{required("hidden", &TokenFfn::hidden),
                      optional("activation", &TokenFfn::activation)};
  }
  friend bool operator==(const TokenFfn&, const TokenFfn&) = default;
};

/// Layer norm on tokens (N, T, C), behind which several heads read: DeiT's with distillation.
struct TokenNorm {
  static constexpr std::string_view kName = "token_norm";
  static constexpr LayerRole kRole = LayerRole::kNorm;

  static constexpr auto fields() { return std::tuple{}; }
  friend bool operator==(const TokenNorm&, const TokenNorm&) = default;
};

LayerProblems check(const TokenAttention& layer, const Value& input, Index width);
LayerProblems check(const TokenFfn& layer, const Value& input, Index width);
LayerProblems check(const TokenNorm& layer, const Value& input, Index width);
ValueId write(const TokenAttention& layer, LayerWriter& writer, ValueId x, const Extent& out);
ValueId write(const TokenFfn& layer, LayerWriter& writer, ValueId x, const Extent& out);
ValueId write(const TokenNorm& layer, LayerWriter& writer, ValueId x, const Extent& out);

/// The epsilon of every layer norm on tokens, as in DeiT and timm.
constexpr double kTokenNormEpsilon = 1e-6;

}  // namespace vitlab
