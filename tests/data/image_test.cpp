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

Box whole_image(const ImageSize& size) {
  return {0, 0, static_cast<double>(size.height), static_cast<double>(size.width)};
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

TEST_CASE("the centre crop lies where timm's evaluation transform cuts, in whole pixels") {
  const architecture::Preprocessing usual;
  const Box box = crop_of(usual, {512, 1024}, {224, 224});
  CHECK(box.height == Approx(448));
  CHECK(box.width == Approx(448));
  CHECK(box.top == Approx(32));
  CHECK(box.left == Approx(288));
  // 16 / 0.875 is 18: a picture of 30 x 45 becomes 18 x 27, cut from row 1 and, of 5.5, column 6.
  const Box small = crop_of(usual, {30, 45}, {16, 16});
  CHECK(small.top == Approx(30.0 / 18));
  CHECK(small.left == Approx(6 * 45.0 / 27));
  CHECK(small.height == Approx(16 * 30.0 / 18));
  const Box wide = crop_of(usual, {300, 300}, {100, 200});
  CHECK(wide.width / wide.height == Approx(2));
  CHECK(wide.width == Approx(200 * 300.0 / 228));
}

TEST_CASE("squashed images are taken whole, in each direction by its own factor") {
  const architecture::Preprocessing whole{architecture::imagenet_normalisation(), 1,
                                          architecture::CropMode::kSquash};
  for (const ImageSize& size : {ImageSize{8, 8}, ImageSize{30, 45}, ImageSize{512, 100}}) {
    const Box box = crop_of(whole, size, {16, 24});
    CHECK(box.top == 0);
    CHECK(box.left == 0);
    CHECK(box.height == Approx(static_cast<double>(size.height)));
    CHECK(box.width == Approx(static_cast<double>(size.width)));
  }
}

TEST_CASE("every filter keeps a grey plane and stays in [0, 1] at an edge") {
  const std::vector<std::uint8_t> plane(36, 51), edge{0, 0, 0, 255, 255, 255};
  PixelView grey = grey_view(plane, 6, 6), step = grey_view(edge, 1, 6);
  grey.scale = step.scale = 1.0F / 255;
  for (const architecture::InterpolationRow& row : architecture::kInterpolations) {
    INFO(row.word);
    for (const std::int64_t wanted : {2, 5, 6, 13}) {
      std::vector<float> out(static_cast<std::size_t>(wanted * wanted));
      resize(grey, {0, 0, 6, 6}, {wanted, wanted}, out.data(), row.value);
      for (const float value : out) CHECK(value == Approx(0.2));
      std::vector<float> line(static_cast<std::size_t>(wanted));
      resize(step, {0, 0, 1, 6}, {1, wanted}, line.data(), row.value);
      for (const float value : line) CHECK((value >= 0 && value <= 1));
    }
  }
}

}  // namespace vitlab::data
