#pragma once

#include <cstdint>
#include <vector>

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

Box whole_image(const ImageSize& size);

/// What evaluation looks at: the image scaled so that its shorter side is 256/224 of the wanted one
/// and cut to `wanted` at the centre (without the rounding to whole pixels in between).
Box centre_crop(const ImageSize& size, const ImageSize& wanted);

/// Resamples `box` to `wanted` into `out` (channels, height, width) with a triangle filter that
/// widens when it shrinks: bilinear without aligned corners when growing, antialiased as PIL's
/// when shrinking. Taps stay inside the image, not the box.
void resize(const PixelView& image, const Box& box, const ImageSize& wanted, float* out);

}  // namespace vitlab::data
