#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "architecture/model_spec.h"
#include "core/random.h"

namespace vitlab {

struct Span {
  graph::Index low, high;
};

/// From where sizes are drawn: small ones, whose layers are quick to run, or wide ones with what is
/// rare (a head of one unit, windows of one token, convolutions of 1x1).
struct LayerSpans {
  Span heads, size, window, hidden, experts, inner, blocks, width;
  std::vector<graph::Index> kernels;   // of depthwise layers and convolutions
  std::vector<graph::Index> squeezes;  // hidden units of squeeze and excitation, 0: none
};
inline const LayerSpans kSmall{.heads = {1, 3},
                               .size = {2, 4},
                               .window = {2, 5},
                               .hidden = {3, 9},
                               .experts = {1, 5},
                               .inner = {3, 7},
                               .blocks = {1, 2},
                               .width = {4, 7},
                               .kernels = {1, 3, 5},
                               .squeezes = {0, 3}};
inline const LayerSpans kWide{.heads = {1, 4},
                              .size = {1, 5},
                              .window = {1, 7},
                              .hidden = {1, 16},
                              .experts = {1, 6},
                              .inner = {1, 9},
                              .blocks = {1, 3},
                              .width = {2, 12},
                              .kernels = {1, 3, 5, 7},
                              .squeezes = {0, 0, 2, 5}};

/// Draws the settings of one layer of any kind. The same seed gives the same layers everywhere. A
/// new layer kind gets its line in `layer`.
class RandomLayers {
 public:
  RandomLayers(std::uint64_t seed, LayerSpans spans) : random_(seed), spans_(std::move(spans)) {}

  /// Leaves kinks out of activations, so that differences of losses approach gradients.
  bool smooth = false;
  /// Every V of a cascade that feeds the next head equals the split, so that the embedding is free.
  bool tied_cascade = false;

  layers::Layer layer(std::string_view kind, graph::Index width) {
    if (kind == layers::DepthwiseLayer::kName)
      return layers::DepthwiseLayer{pick(spans_.kernels), norm()};
    if (kind == layers::FfnLayer::kName)
      return layers::FfnLayer{between(spans_.hidden), norm(), activation()};
    if (kind == layers::FullAttention::kName) return map_attention<layers::FullAttention>();
    if (kind == layers::WindowAttention::kName) {
      auto layer = map_attention<layers::WindowAttention>();
      layer.window = between(spans_.window);
      return layer;
    }
    if (kind == layers::GroupedAttention::kName) return split<layers::GroupedAttention>(width);
    if (kind == layers::CascadedAttention::kName) return cascaded(width);
    if (kind == layers::SubsampleLayer::kName)
      return layers::SubsampleLayer{between(spans_.hidden),
                                    pick(spans_.squeezes),
                                    pick(spans_.kernels),
                                    between(1, 2),
                                    norm(),
                                    activation()};
    if (kind == layers::TokenAttention::kName) return token_attention(width);
    if (kind == layers::TokenFfn::kName)
      return layers::TokenFfn{between(spans_.hidden), activation()};
    if (kind == layers::TokenNorm::kName) return layers::TokenNorm{};
    if (kind == layers::PatchMerging::kName) return layers::PatchMerging{one_in(2)};
    if (kind == layers::ShiftedAttention::kName) {
      auto layer = in_shifted_windows<layers::ShiftedAttention>(width);
      layer.scale = scale();
      return layer;
    }
    if (kind == layers::CosineAttention::kName) {
      auto layer = in_shifted_windows<layers::CosineAttention>(width);
      layer.bias_hidden = between(spans_.inner);
      return layer;
    }
    if (kind == layers::ExpertFfn::kName) return expert_ffn();
    if (kind == layers::MobileVitLayer::kName) return mobilevit();
    if (kind == layers::DepthwiseSeparable::kName) return depthwise<layers::DepthwiseSeparable>();
    if (kind == layers::InvertedResidual::kName) return depthwise<layers::InvertedResidual>();
    if (kind == layers::DepthwiseSeparableDownsample::kName)
      return depthwise<layers::DepthwiseSeparableDownsample>();
    if (kind == layers::InvertedResidualDownsample::kName)
      return depthwise<layers::InvertedResidualDownsample>();
    throw std::logic_error("tests/random_layers.h lacks a line for the layer kind " +
                           std::string(kind));
  }

  core::Random& random() { return random_; }
  graph::Index between(graph::Index low, graph::Index high) {
    return low +
           static_cast<graph::Index>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
  }

 protected:
  graph::Index between(Span span) { return between(span.low, span.high); }
  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }
  template <typename T>
  T pick(const std::vector<T>& choices) {
    return choices[random_.below(choices.size())];
  }
  graph::Index pick(std::initializer_list<graph::Index> choices) {
    return *(choices.begin() + random_.below(choices.size()));
  }
  std::string_view pick(std::initializer_list<std::string_view> choices) {
    return *(choices.begin() + random_.below(choices.size()));
  }
  graph::Norm norm() {
    constexpr std::array kNorms{graph::Norm::kBatch, graph::Norm::kBatch, graph::Norm::kLayer,
                                graph::Norm::kNone};
    return kNorms[random_.below(kNorms.size())];
  }
  graph::Activation activation() {
    constexpr std::array kSmooth{graph::Activation::kGelu, graph::Activation::kSilu,
                                 graph::Activation::kSigmoid};
    if (smooth) return kSmooth[random_.below(kSmooth.size())];
    return graph::kActivations[random_.below(graph::kActivations.size())].value;
  }
  const LayerSpans& spans() const { return spans_; }

 private:
  double scale() { return random_.uniform(0.3, 0.9); }
  /// Equal sizes, or one for each head.
  layers::PerHead sizes(graph::Index heads) {
    layers::PerHead result{
        std::vector<graph::Index>(static_cast<std::size_t>(heads), between(spans_.size))};
    if (one_in(2))
      for (graph::Index& size : result.sizes) size = between(spans_.size);
    return result;
  }
  graph::Index heads_of(graph::Index width) {
    std::vector<graph::Index> fitting;
    for (graph::Index heads = 1; heads <= spans_.heads.high; ++heads)
      if (width % heads == 0) fitting.push_back(heads);
    return pick(fitting);
  }

  template <typename Block>
  layers::Layer depthwise() {
    Block block;
    if constexpr (requires { block.hidden; }) block.hidden = between(spans_.hidden);
    if constexpr (requires { block.stride; }) block.stride = between(1, 2);
    block.kernel = pick(spans_.kernels);
    block.squeeze = pick(spans_.squeezes);
    block.squeeze_activation = activation();
    block.squeeze_gate =
        smooth || one_in(2) ? graph::Activation::kSigmoid : graph::Activation::kHardsigmoid;
    block.norm = norm();
    block.activation = activation();
    return block;
  }
  layers::Layer mobilevit() {
    layers::MobileVitLayer layer{.width = between(spans_.width), .heads = between(1, 3)};
    const graph::Index blocks = between(spans_.blocks);
    for (graph::Index block = 0; block < blocks; ++block)
      layer.hidden.push_back(between(spans_.inner));
    layer.qk = sizes(blocks * layer.heads);
    layer.v = sizes(blocks * layer.heads);
    layer.scale = scale();
    layer.patch = between(1, 2);
    layer.kernel = pick({1, 3});
    layer.norm = norm();
    layer.activation = activation();
    return layer;
  }
  template <typename Attention>
  Attention map_attention() {
    Attention layer{.heads = between(spans_.heads)};
    layer.qk = sizes(layer.heads);
    layer.v = sizes(layer.heads);
    layer.scale = scale();
    layer.norm = norm();
    layer.activation = activation();
    return layer;
  }
  template <typename Split>
  Split split(graph::Index width) {
    const graph::Index heads = heads_of(width);
    Split layer{.window = between(spans_.window)};
    for (graph::Index head = 0; head < heads; ++head) layer.kernels.push_back(pick({0, 1, 3, 5}));
    layer.qk = sizes(heads);
    layer.v = sizes(heads);
    layer.scale = scale();
    layer.norm = norm();
    layer.activation = activation();
    return layer;
  }
  layers::Layer cascaded(graph::Index width) {
    auto layer = split<layers::CascadedAttention>(width);
    const std::size_t heads = layer.v.sizes.size();
    if (tied_cascade || one_in(2))
      for (std::size_t head = 0; head + 1 < heads; ++head)
        layer.v.sizes[head] = width / static_cast<graph::Index>(heads);
    return layer;
  }
  layers::Layer token_attention(graph::Index width) {
    layers::TokenAttention layer{.heads = between(spans_.heads)};
    layer.split = one_in(3);
    if (layer.split) layer.heads = heads_of(width);
    layer.qk = sizes(layer.heads);
    layer.v = sizes(layer.heads);
    layer.scale = scale();
    layer.qkv_bias = !one_in(3);
    return layer;
  }
  /// Heads and windows of attention on pixel tokens; sometimes each head reads its own split.
  template <typename Shifted>
  Shifted in_shifted_windows(graph::Index width) {
    Shifted layer{.heads = between(spans_.heads), .window = between(spans_.window)};
    layer.split = one_in(3);
    if (layer.split) layer.heads = heads_of(width);
    layer.shift = between(0, layer.window - 1);
    layer.qk = sizes(layer.heads);
    layer.v = sizes(layer.heads);
    layer.qkv_bias = !one_in(3);
    return layer;
  }
  layers::Layer expert_ffn() {
    layers::ExpertFfn layer{.experts = between(spans_.experts), .hidden = between(spans_.inner)};
    layer.top_k = between(1, layer.experts);
    layer.capacity = random_.uniform(0.2, 2);
    layer.activation = activation();
    return layer;
  }

  core::Random random_;
  LayerSpans spans_;
};

}  // namespace vitlab
