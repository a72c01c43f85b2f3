#include "data/image.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace vitlab::data {

namespace {

/// The weighted pixels that make one output sample.
struct Taps {
  std::int64_t first = 0;
  std::vector<float> weights;
};

std::vector<Taps> triangle_taps(std::int64_t extent, double start, double length,
                                std::int64_t count) {
  const double ratio = length / static_cast<double>(count);
  const double support = std::max(1.0, ratio);
  std::vector<Taps> taps(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    const double centre = start + (static_cast<double>(i) + 0.5) * ratio;
    const auto low = static_cast<std::int64_t>(std::floor(centre - support));
    const auto high = static_cast<std::int64_t>(std::ceil(centre + support));
    const std::int64_t first = std::clamp<std::int64_t>(low, 0, extent - 1);
    const std::int64_t last = std::clamp<std::int64_t>(high, first, extent - 1);
    std::vector<double> weights;
    double sum = 0;
    for (std::int64_t x = first; x <= last; ++x) {
      const double distance = std::abs(static_cast<double>(x) + 0.5 - centre) / support;
      weights.push_back(std::max(0.0, 1.0 - distance));
      sum += weights.back();
    }
    Taps& tap = taps[static_cast<std::size_t>(i)];
    tap.first = first;
    for (const double weight : weights) tap.weights.push_back(static_cast<float>(weight / sum));
  }
  return taps;
}

}  // namespace

PixelView view_of(const Image& image) {
  return {.pixels = image.pixels.data(),
          .channels = 3,
          .size = image.size,
          .channel_step = 1,
          .row_step = image.size.width * 3,
          .column_step = 3};
}

Box whole_image(const ImageSize& size) {
  return {0, 0, static_cast<double>(size.height), static_cast<double>(size.width)};
}

Box centre_crop(const ImageSize& size, const ImageSize& wanted) {
  constexpr double kMargin = 256.0 / 224.0;
  const auto height = static_cast<double>(size.height);
  const auto width = static_cast<double>(size.width);
  const double scale = kMargin * std::max(static_cast<double>(wanted.height) / height,
                                          static_cast<double>(wanted.width) / width);
  const double box_height = static_cast<double>(wanted.height) / scale;
  const double box_width = static_cast<double>(wanted.width) / scale;
  return {(height - box_height) / 2, (width - box_width) / 2, box_height, box_width};
}

void resize(const PixelView& image, const Box& box, const ImageSize& wanted, float* out) {
  core::ensure(
      image.size.height > 0 && image.size.width > 0 && wanted.height > 0 && wanted.width > 0,
      "images to resize have pixels");
  const auto columns = triangle_taps(image.size.width, box.left, box.width, wanted.width);
  const auto rows = triangle_taps(image.size.height, box.top, box.height, wanted.height);
  const std::int64_t top = rows.front().first;
  const std::int64_t bottom =
      rows.back().first + static_cast<std::int64_t>(rows.back().weights.size());

  std::vector<float> narrowed(static_cast<std::size_t>((bottom - top) * wanted.width));
  for (std::int64_t c = 0; c < image.channels; ++c) {
    float* target = narrowed.data();
    for (std::int64_t y = top; y < bottom; ++y) {
      const std::uint8_t* row = image.pixels + c * image.channel_step + y * image.row_step;
      for (const Taps& tap : columns) {
        const std::uint8_t* pixel = row + tap.first * image.column_step;
        float sum = 0;
        for (const float weight : tap.weights) {
          sum += weight * static_cast<float>(*pixel);
          pixel += image.column_step;
        }
        *target++ = sum * image.scale;
      }
    }
    for (const Taps& tap : rows) {
      const float* first = narrowed.data() + (tap.first - top) * wanted.width;
      for (std::int64_t x = 0; x < wanted.width; ++x) {
        float sum = 0;
        const float* pixel = first + x;
        for (const float weight : tap.weights) {
          sum += weight * *pixel;
          pixel += wanted.width;
        }
        *out++ = sum;
      }
    }
  }
}

}  // namespace vitlab::data
