#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/random.h"
#include "spec/model_spec.h"

namespace vitlab {

/// Small random models, each with at least one layer of a wanted kind, so that laws run over every
/// kind: unequal heads, windows that need padding, several norms and activations, V unlike the
/// split under the cascade. A new layer kind gets its line in `layer`.
class RandomSpecs {
 public:
  explicit RandomSpecs(std::uint64_t seed) : random_(seed) {}

  /// Leaves kinks out of activations, so that differences of losses approach gradients.
  bool smooth = false;
  /// Every V of a cascade that feeds the next head equals the split, so that the embedding is free.
  bool tied_cascade = false;

  ModelSpec with_kind(std::string_view kind) {
    if (is_pixel_kind(kind)) return pixel_model(kind);
    return is_token_kind(kind) ? token_model(kind) : map_model(kind);
  }

  Layer layer(std::string_view kind, Index width) {
    if (kind == DepthwiseLayer::kName) return DepthwiseLayer{any({1, 3, 5}), norm()};
    if (kind == FfnLayer::kName) return FfnLayer{between(3, 8), norm(), activation()};
    if (kind == FullAttention::kName) return full();
    if (kind == WindowAttention::kName) return window();
    if (kind == GroupedAttention::kName) return grouped(width);
    if (kind == CascadedAttention::kName) return cascaded(width);
    if (kind == SubsampleLayer::kName)
      return SubsampleLayer{between(4, 9), any({0, 3}), 3, any({1, 2}), norm(), activation()};
    if (kind == TokenAttention::kName) return token_attention(width);
    if (kind == TokenFfn::kName) return TokenFfn{between(3, 9), activation()};
    if (kind == TokenNorm::kName) return TokenNorm{};
    if (kind == PatchMerging::kName) return PatchMerging{random_.uniform() < 0.5};
    if (kind == ShiftedAttention::kName) return shifted(width);
    if (kind == CosineAttention::kName) return cosine(width);
    if (kind == ExpertFfn::kName) return expert_ffn();
    if (kind == MobileVitLayer::kName) return mobilevit();
    if (kind == DepthwiseSeparable::kName) return depthwise<DepthwiseSeparable>();
    if (kind == InvertedResidual::kName) return depthwise<InvertedResidual>();
    if (kind == DepthwiseSeparableDownsample::kName)
      return depthwise<DepthwiseSeparableDownsample>();
    if (kind == InvertedResidualDownsample::kName) return depthwise<InvertedResidualDownsample>();
    throw std::logic_error("tests/random_spec.h lacks a line for the layer kind " +
                           std::string(kind));
  }

  Random& random() { return random_; }
  Index between(Index low, Index high) {
    return low + static_cast<Index>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
  }

 private:
  Index any(const std::vector<Index>& choices) {
    return choices[static_cast<std::size_t>(between(0, static_cast<Index>(choices.size()) - 1))];
  }
  Norm norm() {
    const Norm norms[] = {Norm::kBatch, Norm::kBatch, Norm::kLayer, Norm::kNone};
    return norms[between(0, 3)];
  }
  Activation activation() {
    if (smooth) return static_cast<Activation>(any({2, 3, 4}));
    return static_cast<Activation>(between(0, 6));
  }
  PerHead sizes(Index heads, Index low, Index high) {
    const bool uniform = random_.uniform() < 0.5;
    PerHead result;
    for (Index head = 0; head < heads; ++head)
      result.sizes.push_back(uniform && head > 0 ? result.sizes.front() : between(low, high));
    return result;
  }

  template <typename Block>
  Layer depthwise() {
    Block block;
    if constexpr (requires { block.hidden; }) block.hidden = between(4, 9);
    if constexpr (requires { block.stride; }) block.stride = any({1, 2});
    block.kernel = any({1, 3, 5});
    block.squeeze = any({0, 3});
    block.squeeze_activation = activation();
    block.squeeze_gate = smooth || one_in(2) ? Activation::kSigmoid : Activation::kHardsigmoid;
    block.norm = norm();
    block.activation = activation();
    return block;
  }
  Layer mobilevit() {
    MobileVitLayer layer{.width = between(4, 7), .heads = between(1, 3)};
    const Index blocks = between(1, 2);
    for (Index block = 0; block < blocks; ++block) layer.hidden.push_back(between(3, 6));
    layer.qk = sizes(blocks * layer.heads, 2, 4);
    layer.v = sizes(blocks * layer.heads, 2, 4);
    layer.scale = random_.uniform(0.3, 0.9);
    layer.patch = between(1, 2);
    layer.kernel = any({1, 3});
    layer.norm = norm();
    layer.activation = activation();
    return layer;
  }
  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }

  Layer full() {
    FullAttention layer{.heads = between(1, 3)};
    layer.qk = sizes(layer.heads, 2, 4);
    layer.v = sizes(layer.heads, 2, 5);
    layer.scale = random_.uniform(0.3, 0.9);
    layer.norm = norm();
    layer.activation = activation();
    return layer;
  }
  Layer window() {
    WindowAttention layer{.heads = between(1, 3), .window = between(2, 5)};
    layer.qk = sizes(layer.heads, 2, 4);
    layer.v = sizes(layer.heads, 2, 5);
    layer.scale = random_.uniform(0.3, 0.9);
    layer.norm = norm();
    layer.activation = activation();
    return layer;
  }
  template <typename Split>
  Split split(Index heads) {
    Split layer{.window = between(2, 5)};
    for (Index head = 0; head < heads; ++head) layer.kernels.push_back(any({0, 1, 3, 5}));
    layer.qk = sizes(heads, 2, 4);
    layer.v = sizes(heads, 2, 5);
    layer.scale = random_.uniform(0.3, 0.9);
    layer.norm = norm();
    layer.activation = activation();
    return layer;
  }
  Layer grouped(Index width) { return split<GroupedAttention>(heads_of(width)); }
  Layer cascaded(Index width) {
    const Index heads = heads_of(width);
    auto layer = split<CascadedAttention>(heads);
    if (tied_cascade || random_.uniform() < 0.5)
      for (std::size_t head = 0; head + 1 < static_cast<std::size_t>(heads); ++head)
        layer.v.sizes[head] = width / heads;
    return layer;
  }
  Index heads_of(Index width) {
    std::vector<Index> fitting;
    for (const Index heads : {1, 2, 3})
      if (width % heads == 0) fitting.push_back(heads);
    return any(fitting);
  }
  Layer token_attention(Index width) {
    TokenAttention layer{.heads = between(1, 3)};
    layer.split = random_.uniform() < 0.4;
    if (layer.split) layer.heads = heads_of(width);
    layer.qk = sizes(layer.heads, 2, 4);
    layer.v = sizes(layer.heads, 2, 4);
    layer.scale = random_.uniform(0.3, 0.9);
    layer.qkv_bias = random_.uniform() < 0.7;
    return layer;
  }

  /// Heads and windows of attention on pixel tokens; sometimes each head reads its own split.
  template <typename Shifted>
  Shifted in_shifted_windows(Index width) {
    Shifted layer{.heads = between(1, 3), .window = between(2, 5)};
    layer.split = random_.uniform() < 0.4;
    if (layer.split) layer.heads = heads_of(width);
    layer.shift = between(0, layer.window - 1);
    layer.qk = sizes(layer.heads, 2, 4);
    layer.v = sizes(layer.heads, 2, 4);
    layer.qkv_bias = random_.uniform() < 0.7;
    return layer;
  }
  Layer shifted(Index width) {
    auto layer = in_shifted_windows<ShiftedAttention>(width);
    layer.scale = random_.uniform(0.3, 0.9);
    return layer;
  }
  Layer cosine(Index width) {
    auto layer = in_shifted_windows<CosineAttention>(width);
    layer.bias_hidden = between(2, 6);
    return layer;
  }
  Layer pixel_ffn() { return TokenFfn{between(3, 9), activation(), 1e-5, random_.uniform() < 0.5}; }

  static bool is_pixel_kind(std::string_view kind) {
    return kind == PatchMapStem::kName || kind == PatchMerging::kName ||
           kind == ShiftedAttention::kName || kind == CosineAttention::kName;
  }
  Layer expert_ffn() {
    ExpertFfn layer{.experts = between(1, 5), .hidden = between(3, 7)};
    layer.top_k = between(1, std::min<Index>(layer.experts, 3));
    layer.capacity = random_.uniform(0.3, 1.6);
    layer.activation = activation();
    return layer;
  }

  static bool is_token_kind(std::string_view kind) {
    return kind == PatchStem::kName || kind == TokenAttention::kName || kind == TokenFfn::kName ||
           kind == TokenNorm::kName || kind == ExpertFfn::kName || kind == TokenHead::kName;
  }
  static bool is_body_kind(std::string_view kind) {
    return kind != PatchStem::kName && kind != ConvolutionStem::kName &&
           kind != SingleConvolutionStem::kName && kind != NormLinearHead::kName &&
           kind != TokenHead::kName && kind != ConvolutionHead::kName && !is_downsample_kind(kind);
  }
  static bool is_downsample_kind(std::string_view kind) {
    return kind == SubsampleLayer::kName || kind == DepthwiseSeparableDownsample::kName ||
           kind == InvertedResidualDownsample::kName;
  }
  std::string_view map_body_kind() {
    const std::string_view kinds[] = {DepthwiseLayer::kName,   FfnLayer::kName,
                                      FullAttention::kName,    WindowAttention::kName,
                                      GroupedAttention::kName, CascadedAttention::kName};
    return kinds[between(0, 5)];
  }

  ModelSpec map_model(std::string_view kind) {
    ModelSpec spec;
    spec.image = {between(1, 3), between(12, 16), between(12, 16)};
    // Sides that a patch of 2 divides behind the stem.
    if (kind == MobileVitLayer::kName) spec.image = {between(1, 3), any({8, 16}), any({8, 16})};
    ConvolutionStem stem{.widths = {12}, .norm = norm(), .activation = activation()};
    if (random_.uniform() < 0.5) stem.widths = {between(3, 5), 12};
    spec.stem = stem;
    if (kind == SingleConvolutionStem::kName)
      spec.stem = SingleConvolutionStem{any({1, 3, 5}), 2, norm(), activation()};
    const bool two_stages = is_downsample_kind(kind) || random_.uniform() < 0.3;
    Stage first{.width = 12};
    first.layers.push_back(layer(is_body_kind(kind) ? kind : map_body_kind(), 12));
    first.layers.push_back(layer(map_body_kind(), 12));
    spec.stages.push_back(std::move(first));
    if (two_stages) {
      const std::string_view down = is_downsample_kind(kind) ? kind : SubsampleLayer::kName;
      Stage second{.width = 6, .downsample = layer(down, 6)};
      second.layers.push_back(layer(map_body_kind(), 6));
      spec.stages.push_back(std::move(second));
    }
    const Index heads = between(1, 2);
    for (Index head = 0; head < heads; ++head)
      if (kind == ConvolutionHead::kName)
        spec.heads.push_back(
            ConvolutionHead{between(4, 8), any({0, 5}), norm(), activation(), between(3, 5)});
      else
        spec.heads.push_back(NormLinearHead{between(3, 5)});
    return spec;
  }

  ModelSpec token_model(std::string_view kind) {
    ModelSpec spec;
    spec.image = {between(1, 3), 4 * between(2, 3), 4 * between(2, 4)};
    const Index class_tokens = between(0, 2);
    spec.stem = PatchStem{4, class_tokens, random_.uniform() < 0.7};
    Stage stage{.width = any({6, 8, 9, 10})};
    stage.layers.push_back(layer(is_body_kind(kind) ? kind : TokenAttention::kName, stage.width));
    stage.layers.push_back(layer(TokenAttention::kName, stage.width));
    stage.layers.push_back(layer(TokenFfn::kName, stage.width));
    const bool normed = random_.uniform() < 0.3;  // by one norm for all heads
    if (normed) stage.layers.push_back(TokenNorm{});
    spec.stages.push_back(std::move(stage));
    for (Index token = 0; token < std::max<Index>(class_tokens, 1); ++token)
      spec.heads.push_back(TokenHead{between(3, 5), token, class_tokens == 0, !normed});
    return spec;
  }

  ModelSpec pixel_model(std::string_view kind) {
    ModelSpec spec;
    spec.image = {between(1, 3), 2 * between(3, 7), 2 * between(3, 7)};
    spec.stem = PatchMapStem{2};
    const bool is_attention = kind == ShiftedAttention::kName || kind == CosineAttention::kName;
    Stage first{.width = 6};
    first.layers.push_back(layer(is_attention ? kind : ShiftedAttention::kName, 6));
    first.layers.push_back(pixel_ffn());
    spec.stages.push_back(std::move(first));
    if (kind == PatchMerging::kName || random_.uniform() < 0.3) {
      Stage second{.width = 9, .downsample = layer(PatchMerging::kName, 9)};
      second.layers.push_back(layer(CosineAttention::kName, 9));
      second.layers.push_back(pixel_ffn());
      if (random_.uniform() < 0.5) second.layers.push_back(TokenNorm{1e-5});
      spec.stages.push_back(std::move(second));
    }
    spec.heads.push_back(TokenHead{.classes = between(3, 5), .mean_tokens = true});
    return spec;
  }

  Random random_;
};

}  // namespace vitlab
