#include "data/decode.h"

#include <zlib.h>

#include "core/random.h"
#include "image_files.h"
#include "test.hpp"

namespace vitlab::data {

using Catch::Matchers::Contains;

namespace {

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

/// Gives a PNG's header other sides, with the right checksum.
std::string with_size(std::string png, std::uint32_t height, std::uint32_t width) {
  png.replace(16, 8, big_endian(width) + big_endian(height));
  const auto checksum = crc32(0, reinterpret_cast<const Bytef*>(png.data()) + 12, 17);
  png.replace(29, 4, big_endian(static_cast<std::uint32_t>(checksum)));
  return png;
}

/// Recomputes every chunk's checksum, so that damage reaches the decoder behind them.
std::string with_checksums(std::string png) {
  for (std::size_t at = 8; at + 12 <= png.size();) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i)
      length = length << 8 | static_cast<unsigned char>(png[at + i]);
    if (length > png.size() - at - 12) break;
    const auto checksum = crc32(0, reinterpret_cast<const Bytef*>(png.data()) + at + 4,
                                static_cast<uInt>(length + 4));
    png.replace(at + 8 + length, 4, big_endian(static_cast<std::uint32_t>(checksum)));
    at += 12 + length;
  }
  return png;
}

/// One to four bytes of `bytes`, replaced.
std::string damaged(std::string bytes, core::Random& random) {
  for (std::uint64_t places = 1 + random.below(4); places > 0; --places)
    bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
  return bytes;
}

/// Decodes or finds broken; anything else ends the test.
void require_survival(const std::string& bytes) {
  try {
    const Image read = decode_image(bytes);
    REQUIRE(read.size == read_image_size(bytes));
    REQUIRE(static_cast<std::int64_t>(read.pixels.size()) ==
            read.size.height * read.size.width * 3);
  } catch (const BrokenImage& error) {
    REQUIRE(std::string(error.what()).size() > 5);
  }
}

}  // namespace

TEST_CASE("a PNG decodes to the pixels that were written") {
  const Image image = noise_image(13, 7);
  const Image read = decode_image(png_bytes(image));
  CHECK(read.size == image.size);
  CHECK(read.pixels == image.pixels);
}

TEST_CASE("a JPEG decodes near the pixels that were written, smaller when asked") {
  const Image image = plain_image(64, 32, 200, 40, 90);
  const std::string bytes = jpeg_bytes(image);
  CHECK(read_image_size(bytes) == ImageSize{64, 32});
  for (const auto& [least, height] :
       {std::pair{1.0, 64}, {0.6, 64}, {0.5, 32}, {0.3, 32}, {0.25, 16}, {0.01, 8}}) {
    const Image read = decode_image(bytes, least);
    CHECK(read.size == ImageSize{height, height / 2});
    for (std::size_t i = 0; i < read.pixels.size(); ++i)
      REQUIRE(std::abs(int{read.pixels[i]} - int{image.pixels[i % 3]}) <= 3);
  }
}

TEST_CASE("an image cut at any length is broken, whatever its format") {
  for (const std::string& bytes : {png_bytes(noise_image(6, 5)), jpeg_bytes(noise_image(6, 5))})
    for (std::size_t length = 0; length + 2 < bytes.size(); ++length)
      REQUIRE_THROWS_AS(decode_image(bytes.substr(0, length)), BrokenImage);
}

TEST_CASE("random damage is refused or decodes to the size that the header claims") {
  core::Random random(11);
  const std::string png = png_bytes(noise_image(9, 8));
  const std::string jpeg = jpeg_bytes(noise_image(9, 8));
  for (int round = 0; round < 3000; ++round) {
    require_survival(damaged(png, random));
    require_survival(with_checksums(damaged(png, random)));
    require_survival(damaged(jpeg, random));
  }
}

TEST_CASE("a PNG with a flipped bit is broken, since its checksums are read") {
  const std::string bytes = png_bytes(noise_image(4, 4));
  for (std::size_t i = 8; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] ^= 4;
    INFO(i);
    REQUIRE_THROWS_AS(decode_image(damaged), BrokenImage);
  }
}

TEST_CASE("sizes beyond the limits are refused before anything is allocated") {
  const std::string png = png_bytes(noise_image(4, 4));
  CHECK_THROWS_WITH(decode_image(with_size(png, 65'536, 1)),
                    Contains("is too large: 1 x 65536 pixels"));
  CHECK_THROWS_WITH(decode_image(with_size(png, 60'000, 60'000)), Contains("the limit is"));
  CHECK_THROWS_WITH(decode_image(with_size(png, 0, 4)), "has no pixels");
  CHECK_THROWS_AS(decode_image(with_size(png, 0xffffffff, 0xffffffff)), BrokenImage);
  CHECK_THROWS_AS(decode_image(with_size(png, 8000, 8000)), BrokenImage);  // allowed, but not there
}

TEST_CASE("what is no image says so") {
  CHECK_THROWS_WITH(decode_image(""), "is empty");
  CHECK_THROWS_WITH(decode_image("GIF89a and so on"), "is neither JPEG nor PNG nor WebP");
}

}  // namespace vitlab::data
