#include "data/augment.h"

#include <algorithm>
#include <set>

#include "test.hpp"

namespace vitlab::data {

namespace {

constexpr SampleShape kShape{2, 6, 5};

/// Samples 1, 2, 3 ... so that every place is known by its value.
std::vector<float> counted(const SampleShape& shape = kShape) {
  std::vector<float> image(static_cast<std::size_t>(shape.samples()));
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i + 1);
  return image;
}

}  // namespace

TEST_CASE("the default augmentation changes nothing and draws nothing") {
  std::vector<float> image = counted();
  core::Random random(3);
  augment({}, kShape, image.data(), random);
  CHECK(image == counted());
  CHECK(random.next() == core::Random(3).next());
}

TEST_CASE("augmentation is a function of the generator's state") {
  const Augmentation all{.crop_padding = 2, .horizontal_flip = true, .random_erasing = 0.5};
  std::set<std::vector<float>> seen;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    std::vector<float> first = counted();
    std::vector<float> second = counted();
    core::Random a(seed);
    core::Random b(seed);
    augment(all, kShape, first.data(), a);
    augment(all, kShape, second.data(), b);
    CHECK(first == second);
    seen.insert(first);
  }
  CHECK(seen.size() > 20);
}

TEST_CASE("a crop moves the image by at most the padding and fills with black") {
  std::set<std::pair<std::int64_t, std::int64_t>> moves;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::vector<float> image = counted();
    core::Random random(seed);
    augment({.crop_padding = 1}, kShape, image.data(), random);
    const std::vector<float> before = counted();
    const auto at = [&](const std::vector<float>& from, std::int64_t c, std::int64_t y,
                        std::int64_t x) {
      const bool inside = y >= 0 && y < kShape.height && x >= 0 && x < kShape.width;
      return inside ? from[static_cast<std::size_t>((c * kShape.height + y) * kShape.width + x)]
                    : 0.0F;
    };
    int matches = 0;
    for (std::int64_t down = -1; down <= 1; ++down) {
      for (std::int64_t right = -1; right <= 1; ++right) {
        bool same = true;
        for (std::int64_t c = 0; c < 2; ++c)
          for (std::int64_t y = 0; y < kShape.height; ++y)
            for (std::int64_t x = 0; x < kShape.width; ++x)
              same = same && at(image, c, y, x) == at(before, c, y - down, x - right);
        if (!same) continue;
        ++matches;
        moves.insert({down, right});
      }
    }
    REQUIRE(matches == 1);
  }
  CHECK(moves.size() == 9);
}

TEST_CASE("a flip mirrors rows in about half the images") {
  int flipped = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    std::vector<float> image = counted();
    core::Random random(seed);
    augment({.horizontal_flip = true}, kShape, image.data(), random);
    if (image == counted()) continue;
    ++flipped;
    for (auto row = image.begin(); row != image.end(); row += kShape.width)
      std::reverse(row, row + kShape.width);
    REQUIRE(image == counted());
  }
  CHECK(flipped > 150);
  CHECK(flipped < 250);
}

TEST_CASE("erasing fills one rectangle of 2 to 33 percent with noise in [0, 1)") {
  constexpr SampleShape kLarge{1, 32, 32};
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<float> image = counted(kLarge);
    core::Random random(seed);
    augment({.random_erasing = 1}, kLarge, image.data(), random);
    const auto erased = std::count_if(image.begin(), image.end(), [](float v) { return v < 1; });
    REQUIRE(erased >= 15);  // 2 % of 1024, sides rounded
    REQUIRE(erased <= 370);
  }
}

}  // namespace vitlab::data
