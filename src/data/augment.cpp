#include "data/augment.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace vitlab::data {

namespace {

/// Moves the image by whole pixels; what comes in from outside is black.
void shift(const SampleShape& shape, std::int64_t down, std::int64_t right, float* image) {
  const std::vector<float> before(image, image + shape.samples());
  std::fill_n(image, shape.samples(), 0.0F);
  const std::int64_t first = std::max<std::int64_t>(0, right);
  const std::int64_t last = std::min(shape.width, shape.width + right);
  if (first >= last) return;
  for (std::int64_t c = 0; c < shape.channels; ++c) {
    for (std::int64_t y = 0; y < shape.height; ++y) {
      const std::int64_t from = y - down;
      if (from < 0 || from >= shape.height) continue;
      const float* source = before.data() + (c * shape.height + from) * shape.width;
      float* target = image + (c * shape.height + y) * shape.width;
      std::copy(source + first - right, source + last - right, target + first);
    }
  }
}

void crop(std::int64_t padding, const SampleShape& shape, float* image, core::Random& random) {
  const auto offset = [&] {
    const auto places = static_cast<std::uint64_t>(2 * padding + 1);
    return static_cast<std::int64_t>(random.below(places)) - padding;
  };
  const std::int64_t down = offset();
  const std::int64_t right = offset();
  if (down != 0 || right != 0) shift(shape, down, right, image);
}

void mirror(const SampleShape& shape, float* image) {
  for (std::int64_t row = 0; row < shape.channels * shape.height; ++row)
    std::reverse(image + row * shape.width, image + (row + 1) * shape.width);
}

void erase(const SampleShape& shape, float* image, core::Random& random) {
  constexpr int kTries = 10;
  const auto area = static_cast<double>(shape.height * shape.width);
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const double wanted = area * random.uniform(0.02, 0.33);
    const double aspect = std::exp(random.uniform(std::log(0.3), std::log(3.3)));
    const auto height = static_cast<std::int64_t>(std::lround(std::sqrt(wanted * aspect)));
    const auto width = static_cast<std::int64_t>(std::lround(std::sqrt(wanted / aspect)));
    if (height < 1 || width < 1 || height >= shape.height || width >= shape.width) continue;
    const auto place = [&](std::int64_t room) {
      return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(room + 1)));
    };
    const std::int64_t top = place(shape.height - height);
    const std::int64_t left = place(shape.width - width);
    for (std::int64_t c = 0; c < shape.channels; ++c)
      for (std::int64_t y = top; y < top + height; ++y)
        std::generate_n(image + (c * shape.height + y) * shape.width + left, width,
                        [&] { return static_cast<float>(random.uniform()); });
    return;
  }
}

}  // namespace

void augment(const Augmentation& augmentation, const SampleShape& shape, float* image,
             core::Random& random) {
  if (augmentation.crop_padding > 0) crop(augmentation.crop_padding, shape, image, random);
  if (augmentation.horizontal_flip && random.below(2) == 1) mirror(shape, image);
  if (augmentation.random_erasing > 0 && random.uniform() < augmentation.random_erasing)
    erase(shape, image, random);
}

}  // namespace vitlab::data
