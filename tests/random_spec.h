#pragma once

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "architecture/model_spec.h"
#include "core/random.h"

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

  architecture::ModelSpec with_kind(std::string_view kind) {
    if (is_pixel_kind(kind)) return pixel_model(kind);
    return is_token_kind(kind) ? token_model(kind) : map_model(kind);
  }

  layers::Layer layer(std::string_view kind, graph::Index width) {
    if (kind == layers::DepthwiseLayer::kName)
      return layers::DepthwiseLayer{any({1, 3, 5}), norm()};
    if (kind == layers::FfnLayer::kName)
      return layers::FfnLayer{between(3, 8), norm(), activation()};
    if (kind == layers::FullAttention::kName) return full();
    if (kind == layers::WindowAttention::kName) return window();
    if (kind == layers::GroupedAttention::kName) return grouped(width);
    if (kind == layers::CascadedAttention::kName) return cascaded(width);
    if (kind == layers::SubsampleLayer::kName)
      return layers::SubsampleLayer{between(4, 9), any({0, 3}), 3,
                                    any({1, 2}),   norm(),      activation()};
    if (kind == layers::TokenAttention::kName) return token_attention(width);
    if (kind == layers::TokenFfn::kName) return layers::TokenFfn{between(3, 9), activation()};
    if (kind == layers::TokenNorm::kName) return layers::TokenNorm{};
    if (kind == layers::PatchMerging::kName) return layers::PatchMerging{random_.uniform() < 0.5};
    if (kind == layers::ShiftedAttention::kName) return shifted(width);
    if (kind == layers::CosineAttention::kName) return cosine(width);
    if (kind == layers::ExpertFfn::kName) return expert_ffn();
    if (kind == layers::MobileVitLayer::kName) return mobilevit();
    if (kind == layers::DepthwiseSeparable::kName) return depthwise<layers::DepthwiseSeparable>();
    if (kind == layers::InvertedResidual::kName) return depthwise<layers::InvertedResidual>();
    if (kind == layers::DepthwiseSeparableDownsample::kName)
      return depthwise<layers::DepthwiseSeparableDownsample>();
    if (kind == layers::InvertedResidualDownsample::kName)
      return depthwise<layers::InvertedResidualDownsample>();
    throw std::logic_error("tests/random_spec.h lacks a line for the layer kind " +
                           std::string(kind));
  }

  core::Random& random() { return random_; }
  graph::Index between(graph::Index low, graph::Index high) {
    return low +
           static_cast<graph::Index>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
  }

 private:
  graph::Index any(const std::vector<graph::Index>& choices) {
    return choices[static_cast<std::size_t>(
        between(0, static_cast<graph::Index>(choices.size()) - 1))];
  }
  graph::Norm norm() {
    const graph::Norm norms[] = {graph::Norm::kBatch, graph::Norm::kBatch, graph::Norm::kLayer,
                                 graph::Norm::kNone};
    return norms[between(0, 3)];
  }
  graph::Activation activation() {
    constexpr std::array kSmooth{graph::Activation::kGelu, graph::Activation::kSilu,
                                 graph::Activation::kSigmoid};
    if (smooth) return kSmooth[random_.below(kSmooth.size())];
    return graph::kActivations[random_.below(graph::kActivations.size())].value;
  }
  layers::PerHead sizes(graph::Index heads, graph::Index low, graph::Index high) {
    const bool uniform = random_.uniform() < 0.5;
    layers::PerHead result;
    for (graph::Index head = 0; head < heads; ++head)
      result.sizes.push_back(uniform && head > 0 ? result.sizes.front() : between(low, high));
    return result;
  }

  template <typename Block>
  layers::Layer depthwise() {
    Block block;
    if constexpr (requires { block.hidden; }) block.hidden = between(4, 9);
    if constexpr (requires { block.stride; }) block.stride = any({1, 2});
    block.kernel = any({1, 3, 5});
    block.squeeze = any({0, 3});
    block.squeeze_activation = activation();
    block.squeeze_gate =
        smooth || one_in(2) ? graph::Activation::kSigmoid : graph::Activation::kHardsigmoid;
    block.norm = norm();
    block.activation = activation();
    return block;
  }
  layers::Layer mobilevit() {
    layers::MobileVitLayer layer{.width = between(4, 7), .heads = between(1, 3)};
    const graph::Index blocks = between(1, 2);
    for (graph::Index block = 0; block < blocks; ++block) layer.hidden.push_back(between(3, 6));
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

  layers::Layer full() {
    layers::FullAttention layer{.heads = between(1, 3)};
    layer.qk = sizes(layer.heads, 2, 4);
    layer.v = sizes(layer.heads, 2, 5);
    layer.scale = random_.uniform(0.3, 0.9);
    layer.norm = norm();
    layer.activation = activation();
    return layer;
  }
  layers::Layer window() {
    layers::WindowAttention layer{.heads = between(1, 3), .window = between(2, 5)};
    layer.qk = sizes(layer.heads, 2, 4);
    layer.v = sizes(layer.heads, 2, 5);
    layer.scale = random_.uniform(0.3, 0.9);
    layer.norm = norm();
    layer.activation = activation();
    return layer;
  }
  template <typename Split>
  Split split(graph::Index heads) {
    Split layer{.window = between(2, 5)};
    for (graph::Index head = 0; head < heads; ++head) layer.kernels.push_back(any({0, 1, 3, 5}));
    layer.qk = sizes(heads, 2, 4);
    layer.v = sizes(heads, 2, 5);
    layer.scale = random_.uniform(0.3, 0.9);
    layer.norm = norm();
    layer.activation = activation();
    return layer;
  }
  layers::Layer grouped(graph::Index width) {
    return split<layers::GroupedAttention>(heads_of(width));
  }
  layers::Layer cascaded(graph::Index width) {
    const graph::Index heads = heads_of(width);
    auto layer = split<layers::CascadedAttention>(heads);
    if (tied_cascade || random_.uniform() < 0.5)
      for (std::size_t head = 0; head + 1 < static_cast<std::size_t>(heads); ++head)
        layer.v.sizes[head] = width / heads;
    return layer;
  }
  graph::Index heads_of(graph::Index width) {
    std::vector<graph::Index> fitting;
    for (const graph::Index heads : {1, 2, 3})
      if (width % heads == 0) fitting.push_back(heads);
    return any(fitting);
  }
  layers::Layer token_attention(graph::Index width) {
    layers::TokenAttention layer{.heads = between(1, 3)};
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
  Shifted in_shifted_windows(graph::Index width) {
    Shifted layer{.heads = between(1, 3), .window = between(2, 5)};
    layer.split = random_.uniform() < 0.4;
    if (layer.split) layer.heads = heads_of(width);
    layer.shift = between(0, layer.window - 1);
    layer.qk = sizes(layer.heads, 2, 4);
    layer.v = sizes(layer.heads, 2, 4);
    layer.qkv_bias = random_.uniform() < 0.7;
    return layer;
  }
  layers::Layer shifted(graph::Index width) {
    auto layer = in_shifted_windows<layers::ShiftedAttention>(width);
    layer.scale = random_.uniform(0.3, 0.9);
    return layer;
  }
  layers::Layer cosine(graph::Index width) {
    auto layer = in_shifted_windows<layers::CosineAttention>(width);
    layer.bias_hidden = between(2, 6);
    return layer;
  }
  layers::Layer pixel_ffn() {
    return layers::TokenFfn{between(3, 9), activation(), 1e-5, random_.uniform() < 0.5};
  }

  static bool is_pixel_kind(std::string_view kind) {
    return kind == layers::PatchMapStem::kName || kind == layers::PatchMerging::kName ||
           kind == layers::ShiftedAttention::kName || kind == layers::CosineAttention::kName;
  }
  layers::Layer expert_ffn() {
    layers::ExpertFfn layer{.experts = between(1, 5), .hidden = between(3, 7)};
    layer.top_k = between(1, std::min<graph::Index>(layer.experts, 3));
    layer.capacity = random_.uniform(0.3, 1.6);
    layer.activation = activation();
    return layer;
  }

  static bool is_token_kind(std::string_view kind) {
    return kind == layers::PatchStem::kName || kind == layers::TokenAttention::kName ||
           kind == layers::TokenFfn::kName || kind == layers::TokenNorm::kName ||
           kind == layers::ExpertFfn::kName || kind == layers::TokenHead::kName;
  }
  static bool is_body_kind(std::string_view kind) {
    return kind != layers::PatchStem::kName && kind != layers::ConvolutionStem::kName &&
           kind != layers::SingleConvolutionStem::kName && kind != layers::NormLinearHead::kName &&
           kind != layers::TokenHead::kName && kind != layers::ConvolutionHead::kName &&
           !is_downsample_kind(kind);
  }
  static bool is_downsample_kind(std::string_view kind) {
    return kind == layers::SubsampleLayer::kName ||
           kind == layers::DepthwiseSeparableDownsample::kName ||
           kind == layers::InvertedResidualDownsample::kName;
  }
  std::string_view map_body_kind() {
    const std::string_view kinds[] = {
        layers::DepthwiseLayer::kName,   layers::FfnLayer::kName,
        layers::FullAttention::kName,    layers::WindowAttention::kName,
        layers::GroupedAttention::kName, layers::CascadedAttention::kName};
    return kinds[between(0, 5)];
  }

  architecture::ModelSpec map_model(std::string_view kind) {
    architecture::ModelSpec spec;
    spec.image = {between(1, 3), between(12, 16), between(12, 16)};
    // Sides that a patch of 2 divides behind the stem.
    if (kind == layers::MobileVitLayer::kName)
      spec.image = {between(1, 3), any({8, 16}), any({8, 16})};
    layers::ConvolutionStem stem{.widths = {12}, .norm = norm(), .activation = activation()};
    if (random_.uniform() < 0.5) stem.widths = {between(3, 5), 12};
    spec.stem = stem;
    if (kind == layers::SingleConvolutionStem::kName)
      spec.stem = layers::SingleConvolutionStem{any({1, 3, 5}), 2, norm(), activation()};
    const bool two_stages = is_downsample_kind(kind) || random_.uniform() < 0.3;
    architecture::Stage first{.width = 12};
    first.layers.push_back(layer(is_body_kind(kind) ? kind : map_body_kind(), 12));
    first.layers.push_back(layer(map_body_kind(), 12));
    spec.stages.push_back(std::move(first));
    if (two_stages) {
      const std::string_view down = is_downsample_kind(kind) ? kind : layers::SubsampleLayer::kName;
      architecture::Stage second{.width = 6, .downsample = layer(down, 6)};
      second.layers.push_back(layer(map_body_kind(), 6));
      spec.stages.push_back(std::move(second));
    }
    const graph::Index heads = between(1, 2);
    for (graph::Index head = 0; head < heads; ++head)
      if (kind == layers::ConvolutionHead::kName)
        spec.heads.push_back(layers::ConvolutionHead{between(4, 8), any({0, 5}), norm(),
                                                     activation(), between(3, 5)});
      else
        spec.heads.push_back(layers::NormLinearHead{between(3, 5)});
    return spec;
  }

  architecture::ModelSpec token_model(std::string_view kind) {
    architecture::ModelSpec spec;
    spec.image = {between(1, 3), 4 * between(2, 3), 4 * between(2, 4)};
    const graph::Index class_tokens = between(0, 2);
    spec.stem = layers::PatchStem{4, class_tokens, random_.uniform() < 0.7};
    architecture::Stage stage{.width = any({6, 8, 9, 10})};
    stage.layers.push_back(
        layer(is_body_kind(kind) ? kind : layers::TokenAttention::kName, stage.width));
    stage.layers.push_back(layer(layers::TokenAttention::kName, stage.width));
    stage.layers.push_back(layer(layers::TokenFfn::kName, stage.width));
    const bool normed = random_.uniform() < 0.3;  // by one norm for all heads
    if (normed) stage.layers.push_back(layers::TokenNorm{});
    spec.stages.push_back(std::move(stage));
    for (graph::Index token = 0; token < std::max<graph::Index>(class_tokens, 1); ++token)
      spec.heads.push_back(layers::TokenHead{between(3, 5), token, class_tokens == 0, !normed});
    return spec;
  }

  architecture::ModelSpec pixel_model(std::string_view kind) {
    architecture::ModelSpec spec;
    spec.image = {between(1, 3), 2 * between(3, 7), 2 * between(3, 7)};
    spec.stem = layers::PatchMapStem{2};
    const bool is_attention =
        kind == layers::ShiftedAttention::kName || kind == layers::CosineAttention::kName;
    architecture::Stage first{.width = 6};
    first.layers.push_back(layer(is_attention ? kind : layers::ShiftedAttention::kName, 6));
    first.layers.push_back(pixel_ffn());
    spec.stages.push_back(std::move(first));
    if (kind == layers::PatchMerging::kName || random_.uniform() < 0.3) {
      architecture::Stage second{.width = 9, .downsample = layer(layers::PatchMerging::kName, 9)};
      second.layers.push_back(layer(layers::CosineAttention::kName, 9));
      second.layers.push_back(pixel_ffn());
      if (random_.uniform() < 0.5) second.layers.push_back(layers::TokenNorm{1e-5});
      spec.stages.push_back(std::move(second));
    }
    spec.heads.push_back(layers::TokenHead{.classes = between(3, 5), .mean_tokens = true});
    return spec;
  }

  core::Random random_;
};

}  // namespace vitlab
