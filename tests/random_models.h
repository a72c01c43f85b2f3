#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "architecture/model_spec.h"
#include "core/random.h"

namespace vitlab {

/// Draws whole models (random_spec.h draws models around one layer kind) that together cover every
/// layer kind, padded windows, unequal heads, V that differs from the split under the cascade,
/// several splits in one stage, every norm and activation, models without class tokens, odd maps
/// and several heads. The same seed gives the same models everywhere.
class RandomModels {
 public:
  explicit RandomModels(std::uint64_t seed) : random_(seed) {}

  architecture::ModelSpec next() {
    if (one_in(4)) return pixels();
    return one_in(3) ? tokens() : maps();
  }

  /// A model of convolutions as its stem and layers on maps.
  architecture::ModelSpec maps() {
    architecture::ModelSpec spec;
    const auto convolutions = static_cast<std::size_t>(between(1, 3));
    const graph::Index stride = graph::Index{1} << convolutions;
    spec.image = {between(1, 3), stride * between(2, 6) + between(0, 1), stride * between(2, 6)};
    graph::Index height = halved(spec.image.height, convolutions);
    graph::Index width = halved(spec.image.width, convolutions);
    const graph::Index stages = between(1, 3);
    for (graph::Index i = 0; i < stages; ++i) {
      architecture::Stage stage;
      const graph::Index heads = between(1, 4), others = between(1, 3);
      stage.width = std::lcm(heads, others) * between(2, 4);
      if (i > 0) {
        const graph::Index step = height > 1 && width > 1 ? between(1, 2) : 1;
        height = (height - 1) / step + 1;
        width = (width - 1) / step + 1;
        stage.downsample = downsample(step);
      }
      for (graph::Index n = between(0, 4); n > 0; --n)
        stage.layers.push_back(map_layer(stage.width, one_in(2) ? heads : others));
      if (height % 2 == 0 && width % 2 == 0 && one_in(3)) stage.layers.push_back(mobilevit());
      spec.stages.push_back(std::move(stage));
    }
    layers::ConvolutionStem stem{{}, norm(), activation()};
    for (std::size_t i = 0; i + 1 < convolutions; ++i) stem.widths.push_back(between(1, 6));
    stem.widths.push_back(spec.stages[0].width);
    spec.stem = stem;
    if (convolutions == 1 && one_in(2))
      spec.stem =
          layers::SingleConvolutionStem{pick<graph::Index>({1, 3, 5}), 2, norm(), activation()};
    for (graph::Index n = one_in(8) ? 2 : 1; n > 0; --n) spec.heads.push_back(map_head());
    return spec;
  }

  /// A model of PatchStem and layers on tokens.
  architecture::ModelSpec tokens() {
    architecture::ModelSpec spec;
    const layers::PatchStem stem{pick<graph::Index>({2, 4}), between(0, 2), !one_in(3)};
    spec.image = {between(1, 3), stem.size * between(1, 5), stem.size * between(1, 5)};
    spec.stem = stem;
    architecture::Stage stage;
    const graph::Index split_heads = between(1, 4);
    stage.width = split_heads * between(2, 4);
    for (graph::Index n = between(0, 5); n > 0; --n)
      stage.layers.push_back(token_layer(split_heads));
    spec.stages.push_back(std::move(stage));
    for (graph::Index n = one_in(4) ? 2 : 1; n > 0; --n)
      spec.heads.emplace_back(layers::TokenHead{
          between(1, 7), between(0, std::max<graph::Index>(0, stem.class_tokens - 1)),
          stem.class_tokens == 0 || one_in(3), !one_in(4)});
    return spec;
  }

  /// A model of PatchMapStem and layers on pixel tokens.
  architecture::ModelSpec pixels() {
    architecture::ModelSpec spec;
    const layers::PatchMapStem stem{pick<graph::Index>({1, 2, 4})};
    spec.image = {between(1, 3), stem.size * between(5, 13), stem.size * between(5, 13)};
    spec.stem = stem;
    for (graph::Index i = between(1, 3); i > 0; --i) {
      const graph::Index heads = between(1, 4), others = between(1, 3);
      architecture::Stage stage{.width = std::lcm(heads, others) * between(1, 3)};
      if (!spec.stages.empty()) stage.downsample = layers::PatchMerging{one_in(2)};
      for (graph::Index n = between(0, 4); n > 0; --n)
        stage.layers.push_back(pixel_layer(one_in(2) ? heads : others));
      spec.stages.push_back(std::move(stage));
    }
    spec.heads.emplace_back(layers::TokenHead{.classes = between(1, 7), .mean_tokens = true});
    return spec;
  }

 private:
  graph::Index between(graph::Index low, graph::Index high) {
    return low +
           static_cast<graph::Index>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }
  template <typename T>
  T pick(std::initializer_list<T> choices) {
    return *(choices.begin() + random_.below(choices.size()));
  }
  graph::Norm norm() {
    return pick(
        {graph::Norm::kBatch, graph::Norm::kBatch, graph::Norm::kLayer, graph::Norm::kNone});
  }
  graph::Activation activation() {
    return graph::kActivations[random_.below(graph::kActivations.size())].value;
  }

  /// A map's side behind `count` 3x3 convolutions of stride 2.
  static graph::Index halved(graph::Index side, std::size_t count) {
    for (; count > 0; --count) side = (side - 1) / 2 + 1;
    return side;
  }

  layers::PerHead sizes(graph::Index heads, graph::Index low, graph::Index high) {
    layers::PerHead result{
        std::vector<graph::Index>(static_cast<std::size_t>(heads), between(low, high))};
    if (one_in(3))
      for (graph::Index& size : result.sizes) size = between(low, high);
    return result;
  }
  /// V of each head: the split, as in EfficientViT, or for some heads another size.
  layers::PerHead values(graph::Index heads, graph::Index split) {
    layers::PerHead result{std::vector<graph::Index>(static_cast<std::size_t>(heads), split)};
    if (one_in(3))
      for (graph::Index& size : result.sizes)
        if (one_in(2)) size = between(1, 2 * split);
    return result;
  }

  layers::Layer token_layer(graph::Index split_heads) {
    if (one_in(6)) return layers::TokenNorm{};
    if (one_in(5)) {
      const graph::Index experts = between(1, 6);
      return layers::ExpertFfn{experts, between(1, 8), between(1, experts),
                               pick<double>({0.2, 0.5, 1, 1.05, 2}), activation()};
    }
    if (one_in(2)) return layers::TokenFfn{between(1, 16), activation()};
    const bool split = one_in(3);
    return token_attention(split ? split_heads : between(1, 4), split);
  }
  layers::TokenAttention token_attention(graph::Index heads, bool split) {
    return {heads, sizes(heads, 1, 5), sizes(heads, 1, 5), scale(), !one_in(3), split};
  }
  layers::Layer pixel_layer(graph::Index heads) {
    const graph::Index window = between(1, 7), shift = between(0, window - 1);
    const layers::PerHead qk = sizes(heads, 1, 5), v = sizes(heads, 1, 5);
    switch (random_.below(3)) {
      case 0:
        return layers::TokenFfn{between(1, 16), activation(), pick({1e-5, 1e-6}), one_in(2)};
      case 1:
        return layers::ShiftedAttention{heads, window,  shift,      qk,
                                        v,     scale(), !one_in(3), one_in(3)};
      default:
        return layers::CosineAttention{heads, window,     shift,         qk,
                                       v,     !one_in(3), between(1, 8), one_in(3)};
    }
  }
  double scale() { return 1.0 / std::sqrt(static_cast<double>(between(1, 16))); }

  layers::Layer map_head() {
    if (!one_in(3)) return layers::NormLinearHead{between(1, 7)};
    return layers::ConvolutionHead{between(1, 9), pick<graph::Index>({0, 4}), norm(), activation(),
                                   between(1, 7)};
  }

  layers::Layer downsample(graph::Index stride) {
    if (one_in(4)) return depthwise<layers::DepthwiseSeparableDownsample>(stride);
    if (one_in(3)) return depthwise<layers::InvertedResidualDownsample>(stride);
    return layers::SubsampleLayer{between(3, 12),
                                  pick<graph::Index>({0, 0, 2, 5}),
                                  pick<graph::Index>({1, 3, 5}),
                                  stride,
                                  norm(),
                                  activation()};
  }

  template <typename Block>
  Block depthwise(graph::Index stride = 1) {
    Block block;
    if constexpr (requires { block.hidden; }) block.hidden = between(1, 16);
    if constexpr (requires { block.stride; }) block.stride = stride;
    block.kernel = pick<graph::Index>({1, 3, 5});
    block.squeeze = pick<graph::Index>({0, 0, 3});
    block.squeeze_activation = activation();
    block.squeeze_gate = pick({graph::Activation::kSigmoid, graph::Activation::kHardsigmoid});
    block.norm = norm();
    block.activation = activation();
    return block;
  }

  layers::Layer mobilevit() {
    layers::MobileVitLayer layer{.width = between(2, 12), .heads = between(1, 3)};
    const graph::Index blocks = between(1, 3);
    for (graph::Index block = 0; block < blocks; ++block) layer.hidden.push_back(between(1, 9));
    layer.qk = sizes(blocks * layer.heads, 1, 5);
    layer.v = sizes(blocks * layer.heads, 1, 5);
    layer.scale = scale();
    layer.patch = between(1, 2);
    layer.kernel = pick<graph::Index>({1, 3});
    layer.norm = norm();
    layer.activation = activation();
    return layer;
  }

  layers::Layer map_layer(graph::Index width, graph::Index heads) {
    const layers::PerHead qk = sizes(heads, 1, 5), v = values(heads, width / heads);
    std::vector<graph::Index> kernels;
    for (graph::Index i = 0; i < heads; ++i) kernels.push_back(pick<graph::Index>({0, 1, 3, 5}));
    const graph::Index window = between(1, 7);
    switch (random_.below(8)) {
      case 0:
        return layers::DepthwiseLayer{pick<graph::Index>({1, 3, 5, 7}), norm()};
      case 1:
        return layers::FfnLayer{between(1, 16), norm(), activation()};
      case 2:
        return layers::FullAttention{heads, qk, v, scale(), norm(), activation()};
      case 3:
        return layers::WindowAttention{heads, window, qk, v, scale(), norm(), activation()};
      case 4:
        return depthwise<layers::DepthwiseSeparable>();
      case 5:
        return depthwise<layers::InvertedResidual>();
      case 6:
        return layers::GroupedAttention{window, qk, v, kernels, scale(), norm(), activation()};
      default:
        return layers::CascadedAttention{window, qk, v, kernels, scale(), norm(), activation()};
    }
  }

  core::Random random_;
};

}  // namespace vitlab
