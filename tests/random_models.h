#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "random_layers.h"

namespace vitlab {

/// Draws whole models (random_spec.h draws models around one layer kind) that together cover every
/// layer kind, padded windows, unequal heads, V that differs from the split under the cascade,
/// several splits in one stage, every norm and activation, models without class tokens, odd maps
/// and several heads. The same seed gives the same models everywhere.
class RandomModels : public RandomLayers {
 public:
  explicit RandomModels(std::uint64_t seed) : RandomLayers(seed, kWide) {}

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
      stage.width = std::lcm(between(1, 4), between(1, 3)) * between(2, 4);
      if (i > 0) {
        const graph::Index step = height > 1 && width > 1 ? between(1, 2) : 1;
        height = (height - 1) / step + 1;
        width = (width - 1) / step + 1;
        stage.downsample = downsample(stage.width, step);
      }
      for (graph::Index n = between(0, 4); n > 0; --n)
        stage.layers.push_back(map_layer(stage.width));
      if (height % 2 == 0 && width % 2 == 0 && one_in(3))
        stage.layers.push_back(layer(layers::MobileVitLayer::kName, stage.width));
      spec.stages.push_back(std::move(stage));
    }
    layers::ConvolutionStem stem{{}, norm(), activation()};
    for (std::size_t i = 0; i + 1 < convolutions; ++i) stem.widths.push_back(between(1, 6));
    stem.widths.push_back(spec.stages[0].width);
    spec.stem = stem;
    if (convolutions == 1 && one_in(2))
      spec.stem = layers::SingleConvolutionStem{pick({1, 3, 5}), 2, norm(), activation()};
    for (graph::Index n = one_in(8) ? 2 : 1; n > 0; --n) spec.heads.push_back(map_head());
    return spec;
  }

  /// A model of PatchStem and layers on tokens.
  architecture::ModelSpec tokens() {
    architecture::ModelSpec spec;
    const layers::PatchStem stem{pick({2, 4}), between(0, 2), !one_in(3)};
    spec.image = {between(1, 3), stem.size * between(1, 5), stem.size * between(1, 5)};
    spec.stem = stem;
    architecture::Stage stage;
    stage.width = between(1, 4) * between(2, 4);
    for (graph::Index n = between(0, 5); n > 0; --n)
      stage.layers.push_back(token_layer(stage.width));
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
    const layers::PatchMapStem stem{pick({1, 2, 4})};
    spec.image = {between(1, 3), stem.size * between(5, 13), stem.size * between(5, 13)};
    spec.stem = stem;
    for (graph::Index i = between(1, 3); i > 0; --i) {
      architecture::Stage stage{.width = std::lcm(between(1, 4), between(1, 3)) * between(1, 3)};
      if (!spec.stages.empty()) stage.downsample = layers::PatchMerging{one_in(2)};
      for (graph::Index n = between(0, 4); n > 0; --n)
        stage.layers.push_back(pixel_layer(stage.width));
      spec.stages.push_back(std::move(stage));
    }
    spec.heads.emplace_back(layers::TokenHead{.classes = between(1, 7), .mean_tokens = true});
    return spec;
  }

 private:
  /// A map's side behind `count` 3x3 convolutions of stride 2.
  static graph::Index halved(graph::Index side, std::size_t count) {
    for (; count > 0; --count) side = (side - 1) / 2 + 1;
    return side;
  }

  layers::Layer token_layer(graph::Index width) {
    return layer(pick({layers::TokenNorm::kName, layers::ExpertFfn::kName, layers::TokenFfn::kName,
                       layers::TokenFfn::kName, layers::TokenAttention::kName,
                       layers::TokenAttention::kName}),
                 width);
  }
  layers::Layer pixel_layer(graph::Index width) {
    if (one_in(3))
      return layers::TokenFfn{between(spans().hidden), activation(), one_in(2) ? 1e-5 : 1e-6,
                              one_in(2)};
    return layer(pick({layers::ShiftedAttention::kName, layers::CosineAttention::kName}), width);
  }
  layers::Layer map_layer(graph::Index width) {
    return layer(pick({layers::DepthwiseLayer::kName, layers::FfnLayer::kName,
                       layers::FullAttention::kName, layers::WindowAttention::kName,
                       layers::DepthwiseSeparable::kName, layers::InvertedResidual::kName,
                       layers::GroupedAttention::kName, layers::CascadedAttention::kName}),
                 width);
  }
  layers::Layer map_head() {
    if (!one_in(3)) return layers::NormLinearHead{between(1, 7)};
    return layers::ConvolutionHead{between(1, 9), pick({0, 4}), norm(), activation(),
                                   between(1, 7)};
  }
  layers::Layer downsample(graph::Index width, graph::Index stride) {
    layers::Layer drawn =
        layer(pick({layers::DepthwiseSeparableDownsample::kName, layers::SubsampleLayer::kName,
                    layers::SubsampleLayer::kName, layers::InvertedResidualDownsample::kName}),
              width);
    std::visit(
        [stride](auto& kind) {
          if constexpr (requires { kind.stride; }) kind.stride = stride;
        },
        drawn);
    return drawn;
  }
};

}  // namespace vitlab
