#pragma once

#include <string_view>
#include <tuple>

#include "layers/fields.h"

namespace vitlab::layers {

/// EfficientViT's token interaction: x + norm(depthwise convolution of x) on a map.
struct DepthwiseLayer {
  static constexpr std::string_view kName = "depthwise";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kTokenMixer;

  graph::Index kernel = 3;
  graph::Norm norm = graph::Norm::kBatch;

  static constexpr auto fields() {
    return std::tuple{optional("kernel", &DepthwiseLayer::kernel),
                      optional("norm", &DepthwiseLayer::norm)};
  }
  friend bool operator==(const DepthwiseLayer&, const DepthwiseLayer&) = default;
};

/// x + norm(1x1(activation(norm(1x1(x))))) on a map, with `hidden` channels between.
struct FfnLayer {
  static constexpr std::string_view kName = "ffn";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kFfn;

  graph::Index hidden = 0;
  graph::Norm norm = graph::Norm::kBatch;
  graph::Activation activation = graph::Activation::kRelu;

  static constexpr auto fields() {
    return std::tuple{required("hidden", &FfnLayer::hidden), optional("norm", &FfnLayer::norm),
                      optional("activation", &FfnLayer::activation)};
  }
  friend bool operator==(const FfnLayer&, const FfnLayer&) = default;
};

/// EfficientViT's patch merging between stages: 1x1 to `hidden`, depthwise of stride 2,
/// squeeze-and-excitation over `squeeze` channels (0: none), 1x1 to the next stage's width.
struct SubsampleLayer {
  static constexpr std::string_view kName = "subsample";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kDownsample;

  graph::Index hidden = 0;
  graph::Index squeeze = 0;
  graph::Index kernel = 3;
  graph::Index stride = 2;
  graph::Norm norm = graph::Norm::kBatch;
  graph::Activation activation = graph::Activation::kRelu;

  static constexpr auto fields() {
    return std::tuple{required("hidden", &SubsampleLayer::hidden),
                      optional("squeeze", &SubsampleLayer::squeeze),
                      optional("kernel", &SubsampleLayer::kernel),
                      optional("stride", &SubsampleLayer::stride),
                      optional("norm", &SubsampleLayer::norm),
                      optional("activation", &SubsampleLayer::activation)};
  }
  friend bool operator==(const SubsampleLayer&, const SubsampleLayer&) = default;
};

LayerProblems check(const DepthwiseLayer& layer, const graph::Value& input, graph::Index width);
LayerProblems check(const FfnLayer& layer, const graph::Value& input, graph::Index width);
LayerProblems check(const SubsampleLayer& layer, const graph::Value& input, graph::Index width);
graph::ValueId write(const DepthwiseLayer& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);
graph::ValueId write(const FfnLayer& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);
graph::ValueId write(const SubsampleLayer& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);

/// Squeeze-and-excitation (arXiv 1709.01507): x · gate(1x1(activation(1x1(mean of x)))) with
/// `squeezed` channels between, an axis of the field "squeeze".
graph::ValueId squeeze_excite(graph::LayerWriter& writer, graph::ValueId x, graph::Index squeezed,
                              graph::Activation activation, graph::Activation gate);

/// A problem for each size of `field` below 1 and, unless the input is a map, for the layer itself.
void require_positive(LayerProblems& problems, std::string_view field, graph::Index size);
void require_odd(LayerProblems& problems, std::string_view field, graph::Index kernel);
bool require_map(LayerProblems& problems, const graph::Value& input);
bool require_tokens(LayerProblems& problems, const graph::Value& input);
/// Tokens (N, T, C) or pixel tokens (N, H, W, C).
bool require_channels_last(LayerProblems& problems, const graph::Value& input);
/// A problem unless the epsilon of a norm is positive.
void require_epsilon(LayerProblems& problems, double epsilon);

}  // namespace vitlab::layers
