#include "data/image.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/error.h"

namespace vitlab::data {

namespace {

/// The weighted pixels that make one output sample.
struct Taps {
  std::int64_t first = 0;
  std::vector<float> weights;
};

double sinc(double x) {
  if (x == 0) return 1;
  return std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
}

/// A filter at a distance in pixels; beyond its support it is 0.
double filter_value(architecture::Interpolation interpolation, double x) {
  switch (interpolation) {
    case architecture::Interpolation::kBilinear:
      return std::max(0.0, 1 - x);
    case architecture::Interpolation::kBicubic: {
      constexpr double kA = -0.5;  // Keys' own, and Pillow's
      if (x < 1) return ((kA + 2) * x - (kA + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * kA : 0;
    }
    case architecture::Interpolation::kLanczos:
      return x < 3 ? sinc(x) * sinc(x / 3) : 0;
  }
  return 0;
}

std::vector<Taps> taps_of(architecture::Interpolation interpolation, std::int64_t extent,
                          double start, double length, std::int64_t count) {
  const double ratio = length / static_cast<double>(count);
  const double widening = std::max(1.0, ratio);
  const double support = widening * core::choice_row(interpolation).support;
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
      const double distance = std::abs(static_cast<double>(x) + 0.5 - centre) / widening;
      weights.push_back(filter_value(interpolation, distance));
      sum += weights.back();
    }
    Taps& tap = taps[static_cast<std::size_t>(i)];
    tap.first = first;
    for (const double weight : weights) tap.weights.push_back(static_cast<float>(weight / sum));
  }
  return taps;
}

/// The size that the image is resized to before it is cut.
ImageSize resized_size(const architecture::Preprocessing& how, const ImageSize& size,
                       const ImageSize& wanted) {
  const auto scaled = [&](std::int64_t side) {
    return std::max(
        side, static_cast<std::int64_t>(std::floor(static_cast<double>(side) / how.crop_fraction)));
  };
  const ImageSize target{scaled(wanted.height), scaled(wanted.width)};
  if (how.crop_mode == architecture::CropMode::kSquash) return target;
  if (target.height == target.width) {  // the length of the shorter side
    const std::int64_t shorter = std::min(size.height, size.width);
    return {target.height * size.height / shorter, target.width * size.width / shorter};
  }
  const double ratio =
      std::min(static_cast<double>(size.height) / static_cast<double>(target.height),
               static_cast<double>(size.width) / static_cast<double>(target.width));
  const auto side = [&](std::int64_t extent, std::int64_t least) {
    return std::max<std::int64_t>(least, std::llround(static_cast<double>(extent) / ratio));
  };
  return {side(size.height, wanted.height), side(size.width, wanted.width)};
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

Box crop_of(const architecture::Preprocessing& how, const ImageSize& size,
            const ImageSize& wanted) {
  const ImageSize resized = resized_size(how, size, wanted);
  const auto part = [](std::int64_t extent, std::int64_t resized_to, std::int64_t cut) {
    const double step = static_cast<double>(extent) / static_cast<double>(resized_to);
    // Python's round: halves go to even.
    const double first = std::nearbyint(static_cast<double>(resized_to - cut) / 2);
    return std::pair{first * step, static_cast<double>(cut) * step};
  };
  const auto [top, height] = part(size.height, resized.height, wanted.height);
  const auto [left, width] = part(size.width, resized.width, wanted.width);
  return {top, left, height, width};
}

void resize(const PixelView& image, const Box& box, const ImageSize& wanted, float* out,
            architecture::Interpolation interpolation) {
  core::ensure(
      image.size.height > 0 && image.size.width > 0 && wanted.height > 0 && wanted.width > 0,
      "images to resize have pixels");
  const bool overshoots = interpolation != architecture::Interpolation::kBilinear;
  const auto columns = taps_of(interpolation, image.size.width, box.left, box.width, wanted.width);
  const auto rows = taps_of(interpolation, image.size.height, box.top, box.height, wanted.height);
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
        *out++ = overshoots ? std::clamp(sum, 0.0F, 1.0F) : sum;
      }
    }
  }
}

}  // namespace vitlab::data
