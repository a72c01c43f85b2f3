#pragma once

#include <string_view>
#include <tuple>

#include "layers/fields.h"

namespace vitlab {

/// The stem of MobileNets: one convolution, norm and activation, to the first stage's width.
struct SingleConvolutionStem {
  static constexpr std::string_view kName = "convolution";
  static constexpr LayerRole kRole = LayerRole::kStem;

  Index kernel = 3;
  Index stride = 2;
  Norm norm = Norm::kBatch;
  Activation activation = Activation::kRelu6;

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
  static constexpr LayerRole kRole = LayerRole::kHead;

  Index features = 0;
  Index hidden = 0;
  Norm norm = Norm::kBatch;
  Activation activation = Activation::kRelu6;
  Index classes = 1000;

  static constexpr auto fields() {
    return std::tuple{required("features", &ConvolutionHead::features),
                      optional("hidden", &ConvolutionHead::hidden),
                      optional("norm", &ConvolutionHead::norm),
                      optional("activation", &ConvolutionHead::activation),
                      required("classes", &ConvolutionHead::classes)};
  }
  friend bool operator==(const ConvolutionHead&, const ConvolutionHead&) = default;
};

LayerProblems check(const SingleConvolutionStem& layer, const Value& input, Index width);
LayerProblems check(const ConvolutionHead& layer, const Value& input, Index width);
/// From the image (N, C, H, W) to the first stage, whose embedding is `out`.
ValueId write(const SingleConvolutionStem& layer, LayerWriter& writer, ValueId x,
              const Extent& out);
/// Logits (N, classes); heads choose their own output axis, so `out` is not read.
ValueId write(const ConvolutionHead& layer, LayerWriter& writer, ValueId x, const Extent& out);

}  // namespace vitlab
