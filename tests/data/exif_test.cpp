#include "data/exif.h"

#include "data/decode.h"
#include "image_files.h"
#include "test.hpp"

namespace vitlab::data {
namespace {

std::string number(std::uint32_t value, int bytes, bool little) {
  std::string text;
  for (int i = 0; i < bytes; ++i) {
    const int shift = 8 * (little ? i : bytes - 1 - i);
    text += static_cast<char>(value >> shift & 0xff);
  }
  return text;
}

/// A TIFF header with one directory: another entry, then the orientation.
std::string tiff(int orientation, bool little) {
  const auto n = [&](std::uint32_t value, int bytes) { return number(value, bytes, little); };
  return (little ? "II" : "MM") + n(42, 2) + n(8, 4) + n(2, 2) + n(0x010f, 2) + n(2, 2) + n(4, 4) +
         "abc" + std::string(1, '\0') + n(0x0112, 2) + n(3, 2) + n(1, 4) +
         n(static_cast<std::uint32_t>(orientation), 2) + n(0, 2) + n(0, 4);
}

std::string in_jpeg(const std::string& jpeg, const std::string& content) {
  const std::string part = std::string("Exif\0\0", 6) + content;
  return jpeg.substr(0, 2) + "\xff\xe1" +
         number(static_cast<std::uint32_t>(part.size() + 2), 2, false) + part + jpeg.substr(2);
}

/// The image as a camera held so stores it: what `shown` undoes.
Image stored_so(const Image& upright, int orientation) {
  const bool is_turned = orientation >= 5;
  Image stored{shown_size(upright.size, orientation), upright.pixels};
  for (std::int64_t y = 0; y < upright.size.height; ++y)
    for (std::int64_t x = 0; x < upright.size.width; ++x) {
      // EXIF 2.32: where the stored row 0 and column 0 are seen.
      std::int64_t row = 0, column = 0;
      const std::int64_t bottom = upright.size.height - 1 - y, right = upright.size.width - 1 - x;
      switch (orientation) {
        case 1:
          row = y;
          column = x;
          break;
        case 2:
          row = y;
          column = right;
          break;
        case 3:
          row = bottom;
          column = right;
          break;
        case 4:
          row = bottom;
          column = x;
          break;
        case 5:
          row = x;
          column = y;
          break;
        case 6:
          row = right;
          column = y;
          break;
        case 7:
          row = right;
          column = bottom;
          break;
        default:
          row = x;
          column = bottom;
          break;
      }
      for (std::int64_t c = 0; c < 3; ++c)
        stored.pixels[static_cast<std::size_t>((row * stored.size.width + column) * 3 + c)] =
            upright.pixels[static_cast<std::size_t>((y * upright.size.width + x) * 3 + c)];
    }
  CHECK(stored.size.height == (is_turned ? upright.size.width : upright.size.height));
  return stored;
}

}  // namespace

TEST_CASE("an image is seen upright however the camera was held") {
  const Image upright = noise_image(5, 8);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    INFO("orientation " << orientation);
    const Image stored = stored_so(upright, orientation);
    const Image seen = shown(stored, orientation);
    CHECK(seen.size == upright.size);
    CHECK(seen.pixels == upright.pixels);
    for (const bool little : {false, true}) {
      const std::string file = in_jpeg(jpeg_bytes(stored), tiff(orientation, little));
      CHECK(orientation_of(file) == orientation);
      CHECK(read_image_size(file) == upright.size);
      const Image decoded = decode_image(file),
                  plain = shown(decode_image(jpeg_bytes(stored)), orientation);
      CHECK(decoded.size == upright.size);
      CHECK(decoded.pixels == plain.pixels);
    }
  }
}

TEST_CASE("PNG and WebP tell their orientation in chunks") {
  const std::string content = tiff(6, true);
  const std::string png = png_bytes(noise_image(3, 4));
  const std::string chunk = number(static_cast<std::uint32_t>(content.size()), 4, false) + "eXIf" +
                            content + std::string(4, '\0');
  const std::size_t behind_header = 8 + 25;
  CHECK(orientation_of(png.substr(0, behind_header) + chunk + png.substr(behind_header)) == 6);
  CHECK(orientation_of(png) == 1);
  const std::string body = "WEBPVP8X" + number(10, 4, true) + std::string(10, '\0') + "EXIF" +
                           number(static_cast<std::uint32_t>(content.size()), 4, true) + content;
  CHECK(orientation_of("RIFF" + number(static_cast<std::uint32_t>(body.size()), 4, true) + body) ==
        6);
}

TEST_CASE("damaged or hostile EXIF is no orientation, whatever is cut or changed") {
  const std::string whole = in_jpeg(jpeg_bytes(noise_image(4, 4)), tiff(8, false));
  for (std::size_t length = 0; length < 120; ++length) {
    const int told = orientation_of(std::string_view(whole).substr(0, length));
    CHECK((told == 1 || told == 8));
  }
  for (std::size_t i = 2; i < 70; ++i)
    for (const char value : {'\0', '\xff', '\x7f', 'A'}) {
      std::string changed = whole;
      changed[i] = value;
      const int told = orientation_of(changed);
      CHECK((told >= 1 && told <= 8));
    }
  CHECK(orientation_of(in_jpeg(jpeg_bytes(noise_image(4, 4)), tiff(0, true))) == 1);
  CHECK(orientation_of(in_jpeg(jpeg_bytes(noise_image(4, 4)), tiff(9, true))) == 1);
}

}  // namespace vitlab::data
