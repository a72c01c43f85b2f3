#pragma once

#include <cstdint>

#include "core/random.h"

namespace vitlab::data {

/// What is done to a training image at random; the defaults do nothing.
struct Augmentation {
  /// Pixels of black put around the image before a crop of its own size is taken at random.
  std::int64_t crop_padding = 0;
  /// Mirrors every second image, where the data set says that this keeps its class.
  bool horizontal_flip = false;
  /// Chance of filling a random rectangle (2 to 33 % of the area, aspect 0.3 to 3.3) with uniform
  /// noise (Zhong et al., Random Erasing, 2017).
  double random_erasing = 0;

  friend bool operator==(const Augmentation&, const Augmentation&) = default;
};

/// Channels, height and width of an image in memory.
struct SampleShape {
  std::int64_t channels = 3;
  std::int64_t height = 0;
  std::int64_t width = 0;

  std::int64_t samples() const { return channels * height * width; }
};

/// Changes `image` (samples in [0, 1]) in place; the same generator state gives the same result.
void augment(const Augmentation& augmentation, const SampleShape& shape, float* image,
             core::Random& random);

}  // namespace vitlab::data
