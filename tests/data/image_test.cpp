#include "data/image.h"

#include "image_files.h"
#include "test.hpp"

namespace vitlab::data {

namespace {

std::vector<float> resized(const Image& image, const Box& box, const ImageSize& wanted) {
  std::vector<float> out(static_cast<std::size_t>(3 * wanted.height * wanted.width));
  resize(view_of(image), box, wanted, out.data());
  return out;
}

PixelView grey_view(const std::vector<std::uint8_t>& pixels, std::int64_t height,
                    std::int64_t width) {
  return {.pixels = pixels.data(),
          .channels = 1,
          .size = {height, width},
          .channel_step = height * width,
          .row_step = width,
          .column_step = 1,
          .scale = 1};
}

}  // namespace

TEST_CASE("resizing to the same size changes nothing") {
  const Image image = noise_image(7, 9);
  const auto out = resized(image, whole_image(image.size), image.size);
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t i = 0; i < 63; ++i)
      REQUIRE(out[c * 63 + i] == Approx(static_cast<float>(image.pixels[i * 3 + c]) / 255.0F));
}

TEST_CASE("a plain image stays plain at every size") {
  const Image image = plain_image(5, 8, 10, 100, 250);
  for (const ImageSize wanted : {ImageSize{1, 1}, {3, 2}, {5, 8}, {17, 31}, {64, 64}}) {
    const auto out = resized(image, whole_image(image.size), wanted);
    const auto area = static_cast<std::size_t>(wanted.height * wanted.width);
    for (std::size_t i = 0; i < area; ++i) {
      REQUIRE(out[i] == Approx(10.0 / 255));
      REQUIRE(out[area + i] == Approx(100.0 / 255));
      REQUIRE(out[2 * area + i] == Approx(250.0 / 255));
    }
  }
}

TEST_CASE("growing is bilinear without aligned corners") {
  const std::vector<std::uint8_t> pixels{0, 100};
  std::vector<float> out(4);
  resize(grey_view(pixels, 1, 2), {0, 0, 1, 2}, {1, 4}, out.data());
  const std::vector<float> expected{0, 25, 75, 100};
  for (std::size_t i = 0; i < 4; ++i) CHECK(out[i] == Approx(expected[i]));
}

TEST_CASE("halving weighs four pixels 1 3 3 1, so that no pixel is lost") {
  const std::vector<std::uint8_t> pixels{8, 16, 24, 32, 40, 48};
  std::vector<float> out(3);
  resize(grey_view(pixels, 1, 6), {0, 0, 1, 6}, {1, 3}, out.data());
  CHECK(out[1] == Approx((16 * 1 + 24 * 3 + 32 * 3 + 40 * 1) / 8.0));
  CHECK(out[0] == Approx((8 * 3 + 16 * 3 + 24 * 1) / 7.0));
}

TEST_CASE("the centre crop keeps 224/256 of the shorter side and the wanted shape") {
  const Box box = centre_crop({512, 1024}, {224, 224});
  CHECK(box.height == Approx(448));
  CHECK(box.width == Approx(448));
  CHECK(box.top == Approx(32));
  CHECK(box.left == Approx(288));
  const Box wide = centre_crop({300, 300}, {100, 200});
  CHECK(wide.width / wide.height == Approx(2));
  CHECK(wide.width == Approx(262.5));
}

}  // namespace vitlab::data
