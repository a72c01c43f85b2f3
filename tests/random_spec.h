#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "random_layers.h"

namespace vitlab {

/// Small random models, each with at least one layer of a wanted kind, so that laws run over every
/// kind: unequal heads, windows that need padding, several norms and activations, V unlike the
/// split under the cascade.
class RandomSpecs : public RandomLayers {
 public:
  explicit RandomSpecs(std::uint64_t seed) : RandomLayers(seed, kSmall) {}

  architecture::ModelSpec with_kind(std::string_view kind) {
    if (is_pixel_kind(kind)) return pixel_model(kind);
    return is_token_kind(kind) ? token_model(kind) : map_model(kind);
  }

 private:
  layers::Layer pixel_ffn() {
    return layers::TokenFfn{between(spans().hidden), activation(), 1e-5, one_in(2)};
  }

  static bool is_pixel_kind(std::string_view kind) {
    return kind == layers::PatchMapStem::kName || kind == layers::PatchMerging::kName ||
           kind == layers::ShiftedAttention::kName || kind == layers::CosineAttention::kName;
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
      spec.image = {between(1, 3), pick({8, 16}), pick({8, 16})};
    layers::ConvolutionStem stem{.widths = {12}, .norm = norm(), .activation = activation()};
    if (one_in(2)) stem.widths = {between(3, 5), 12};
    spec.stem = stem;
    if (kind == layers::SingleConvolutionStem::kName)
      spec.stem = layers::SingleConvolutionStem{pick({1, 3, 5}), 2, norm(), activation()};
    const bool two_stages = is_downsample_kind(kind) || one_in(3);
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
        spec.heads.push_back(layers::ConvolutionHead{between(4, 8), pick({0, 5}), norm(),
                                                     activation(), between(3, 5)});
      else
        spec.heads.push_back(layers::NormLinearHead{between(3, 5)});
    return spec;
  }

  architecture::ModelSpec token_model(std::string_view kind) {
    architecture::ModelSpec spec;
    spec.image = {between(1, 3), 4 * between(2, 3), 4 * between(2, 4)};
    const graph::Index class_tokens = between(0, 2);
    spec.stem = layers::PatchStem{4, class_tokens, !one_in(3)};
    architecture::Stage stage{.width = pick({6, 8, 9, 10})};
    stage.layers.push_back(
        layer(is_body_kind(kind) ? kind : layers::TokenAttention::kName, stage.width));
    stage.layers.push_back(layer(layers::TokenAttention::kName, stage.width));
    stage.layers.push_back(layer(layers::TokenFfn::kName, stage.width));
    const bool normed = one_in(3);  // by one norm for all heads
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
    if (kind == layers::PatchMerging::kName || one_in(3)) {
      architecture::Stage second{.width = 9, .downsample = layer(layers::PatchMerging::kName, 9)};
      second.layers.push_back(layer(layers::CosineAttention::kName, 9));
      second.layers.push_back(pixel_ffn());
      if (one_in(2)) second.layers.push_back(layers::TokenNorm{1e-5});
      spec.stages.push_back(std::move(second));
    }
    spec.heads.push_back(layers::TokenHead{.classes = between(3, 5), .mean_tokens = true});
    return spec;
  }
};

}  // namespace vitlab
