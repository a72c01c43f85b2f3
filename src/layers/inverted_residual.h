#pragma once

#include <string_view>
#include <tuple>

#include "layers/fields.h"

namespace vitlab::layers {

/// The settings that all blocks around a depthwise convolution have. `squeeze` channels of
/// squeeze-and-excitation stand behind the depthwise convolution (0: none).
template <typename Block>
constexpr auto depthwise_fields() {
  return std::tuple{optional("kernel", &Block::kernel),
                    optional("squeeze", &Block::squeeze),
                    optional("squeeze_activation", &Block::squeeze_activation),
                    optional("squeeze_gate", &Block::squeeze_gate),
                    optional("norm", &Block::norm),
                    optional("activation", &Block::activation)};
}

/// MobileNetV3's first block: x + norm(1x1(squeeze(activation(norm(depthwise(x)))))).
struct DepthwiseSeparable {
  static constexpr std::string_view kName = "depthwise_separable";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kTokenMixer;

  graph::Index kernel = 3;
  graph::Index squeeze = 0;
  graph::Activation squeeze_activation = graph::Activation::kRelu;
  graph::Activation squeeze_gate = graph::Activation::kSigmoid;
  graph::Norm norm = graph::Norm::kBatch;
  graph::Activation activation = graph::Activation::kRelu6;

  static constexpr auto fields() { return depthwise_fields<DepthwiseSeparable>(); }
  friend bool operator==(const DepthwiseSeparable&, const DepthwiseSeparable&) = default;
};

/// The same from one width to the next, without the residual.
struct DepthwiseSeparableDownsample {
  static constexpr std::string_view kName = "depthwise_separable_downsample";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kDownsample;

  graph::Index stride = 2;
  graph::Index kernel = 3;
  graph::Index squeeze = 0;
  graph::Activation squeeze_activation = graph::Activation::kRelu;
  graph::Activation squeeze_gate = graph::Activation::kSigmoid;
  graph::Norm norm = graph::Norm::kBatch;
  graph::Activation activation = graph::Activation::kRelu6;

  static constexpr auto fields() {
    return std::tuple_cat(std::tuple{optional("stride", &DepthwiseSeparableDownsample::stride)},
                          depthwise_fields<DepthwiseSeparableDownsample>());
  }
  friend bool operator==(const DepthwiseSeparableDownsample&,
                         const DepthwiseSeparableDownsample&) = default;
};

/// MobileNetV2's inverted residual (arXiv 1801.04381): 1x1 to `hidden` channels, depthwise, 1x1
/// back without an activation (the linear bottleneck), residual; norms behind all three.
struct InvertedResidual {
  static constexpr std::string_view kName = "inverted_residual";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kTokenMixer;

  graph::Index hidden = 0;
  graph::Index kernel = 3;
  graph::Index squeeze = 0;
  graph::Activation squeeze_activation = graph::Activation::kRelu;
  graph::Activation squeeze_gate = graph::Activation::kSigmoid;
  graph::Norm norm = graph::Norm::kBatch;
  graph::Activation activation = graph::Activation::kRelu6;

  static constexpr auto fields() {
    return std::tuple_cat(std::tuple{required("hidden", &InvertedResidual::hidden)},
                          depthwise_fields<InvertedResidual>());
  }
  friend bool operator==(const InvertedResidual&, const InvertedResidual&) = default;
};

/// The same from one width to the next, without the residual.
struct InvertedResidualDownsample {
  static constexpr std::string_view kName = "inverted_residual_downsample";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kDownsample;

  graph::Index hidden = 0;
  graph::Index stride = 2;
  graph::Index kernel = 3;
  graph::Index squeeze = 0;
  graph::Activation squeeze_activation = graph::Activation::kRelu;
  graph::Activation squeeze_gate = graph::Activation::kSigmoid;
  graph::Norm norm = graph::Norm::kBatch;
  graph::Activation activation = graph::Activation::kRelu6;

  static constexpr auto fields() {
    return std::tuple_cat(std::tuple{required("hidden", &InvertedResidualDownsample::hidden),
                                     optional("stride", &InvertedResidualDownsample::stride)},
                          depthwise_fields<InvertedResidualDownsample>());
  }
  friend bool operator==(const InvertedResidualDownsample&,
                         const InvertedResidualDownsample&) = default;
};

LayerProblems check(const DepthwiseSeparable& layer, const graph::Value& input, graph::Index width);
LayerProblems check(const DepthwiseSeparableDownsample& layer, const graph::Value& input,
                    graph::Index width);
LayerProblems check(const InvertedResidual& layer, const graph::Value& input, graph::Index width);
LayerProblems check(const InvertedResidualDownsample& layer, const graph::Value& input,
                    graph::Index width);
graph::ValueId write(const DepthwiseSeparable& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);
graph::ValueId write(const DepthwiseSeparableDownsample& layer, graph::LayerWriter& writer,
                     graph::ValueId x, const graph::Extent& out);
graph::ValueId write(const InvertedResidual& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);
graph::ValueId write(const InvertedResidualDownsample& layer, graph::LayerWriter& writer,
                     graph::ValueId x, const graph::Extent& out);

}  // namespace vitlab::layers
