#pragma once

#include <string_view>
#include <tuple>

#include "layers/fields.h"

namespace vitlab::layers {

/// The stem of MobileNets: one convolution, norm and activation, to the first stage's width.
struct SingleConvolutionStem {
  static constexpr std::string_view kName = "convolution";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kStem;

  graph::Index kernel = 3;
  graph::Index stride = 2;
  graph::Norm norm = graph::Norm::kBatch;
  graph::Activation activation = graph::Activation::kRelu6;

  static constexpr auto fields() {
    return std::tuple{optional("kernel", &SingleConvolutionStem::kernel),
                      optional("stride", &SingleConvolutionStem::stride),
                      optional("norm", &SingleConvolutionStem::norm),
                      optional("activation", &SingleConvolutionStem::activation)};
  }
  friend bool operator==(const SingleConvolutionStem&, const SingleConvolutionStem&) = default;
};

/// The head of MobileNets: activation(norm(1x1 to `features`)), mean over the map, linear. With
/// `hidden` (MobileNetV3) the mean goes through activation(1x1 with bias to `hidden`) first.
struct ConvolutionHead {
  static constexpr std::string_view kName = "convolution_head";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kHead;

  graph::Index features = 0;
  graph::Index hidden = 0;
  graph::Norm norm = graph::Norm::kBatch;
  graph::Activation activation = graph::Activation::kRelu6;
  graph::Index classes = 1000;

  static constexpr auto fields() {
    return std::tuple{required("features", &ConvolutionHead::features),
                      optional("hidden", &ConvolutionHead::hidden),
                      optional("norm", &ConvolutionHead::norm),
                      optional("activation", &ConvolutionHead::activation),
                      required("classes", &ConvolutionHead::classes)};
  }
  friend bool operator==(const ConvolutionHead&, const ConvolutionHead&) = default;
};

LayerProblems check(const SingleConvolutionStem& layer, const graph::Value& input,
                    graph::Index width);
LayerProblems check(const ConvolutionHead& layer, const graph::Value& input, graph::Index width);
/// From the image (N, C, H, W) to the first stage, whose embedding is `out`.
graph::ValueId write(const SingleConvolutionStem& layer, graph::LayerWriter& writer,
                     graph::ValueId x, const graph::Extent& out);
/// Logits (N, classes); heads choose their own output axis, so `out` is not read.
graph::ValueId write(const ConvolutionHead& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);

}  // namespace vitlab::layers
