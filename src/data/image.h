#pragma once

#include <cstdint>
#include <vector>

#include "architecture/preprocessing.h"

namespace vitlab::data {

/// Height and width in pixels; 0 x 0 where the images of a set differ.
struct ImageSize {
  std::int64_t height = 0;
  std::int64_t width = 0;

  friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

/// Decoded 8-bit pixels, red, green and blue interleaved, row by row.
struct Image {
  ImageSize size;
  std::vector<std::uint8_t> pixels;  // height * width * 3
};

/// 8-bit pixels that somebody else owns; a sample is pixels[c * channel_step + y * row_step +
/// x * column_step] * scale, in [0, 1].
struct PixelView {
  const std::uint8_t* pixels = nullptr;
  std::int64_t channels = 0;
  ImageSize size;
  std::int64_t channel_step = 0;
  std::int64_t row_step = 0;
  std::int64_t column_step = 0;
  float scale = 1.0F / 255.0F;
};

PixelView view_of(const Image& image);

/// A part of an image in pixels, edges between pixel centres; it may have fractions.
struct Box {
  double top = 0;
  double left = 0;
  double height = 0;
  double width = 0;
};

/// What evaluation looks at: where the centre crop of `wanted` lies in an image of `size` that
/// timm's evaluation transform resizes and cuts, in whole pixels of the resized image.
Box crop_of(const architecture::Preprocessing& how, const ImageSize& size, const ImageSize& wanted);

/// Resamples `box` to `wanted` into `out` (channels, height, width) with a filter that widens when
/// it shrinks, as Pillow's do; samples stay in [0, 1]. Taps stay inside the image, not the box.
void resize(const PixelView& image, const Box& box, const ImageSize& wanted, float* out,
            architecture::Interpolation interpolation = architecture::Interpolation::kBilinear);

}  // namespace vitlab::data
