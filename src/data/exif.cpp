#include "data/exif.h"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace vitlab::data {

namespace {

/// Whole numbers at places of a file; none beyond its end.
class Bytes {
 public:
  Bytes(std::string_view bytes, bool little_endian)
      : bytes_(bytes), little_endian_(little_endian) {}

  std::optional<std::uint32_t> number(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t place = at + (little_endian_ ? size - 1 - i : i);
      value = value << 8 | static_cast<unsigned char>(bytes_[place]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool little_endian_;
};

/// The orientation in a TIFF header and its first directory (TIFF 6.0, section 2).
int orientation_in_tiff(std::string_view tiff) {
  constexpr std::uint32_t kOrientation = 0x0112, kShort = 3;
  const bool little = tiff.starts_with("II");
  if (!little && !tiff.starts_with("MM")) return 1;
  const Bytes bytes(tiff, little);
  const auto directory = bytes.number(4, 4);
  if (!directory) return 1;
  const auto entries = bytes.number(*directory, 2);
  for (std::uint32_t i = 0; entries && i < *entries; ++i) {
    const std::size_t entry = std::size_t{*directory} + 2 + std::size_t{12} * i;
    const auto tag = bytes.number(entry, 2), type = bytes.number(entry + 2, 2),
               value = bytes.number(entry + 8, 2);
    if (!tag || !type || !value) return 1;
    if (*tag == kOrientation)
      return *type == kShort && *value >= 1 && *value <= 8 ? static_cast<int>(*value) : 1;
  }
  return 1;
}

constexpr std::string_view kExifHead("Exif\0\0", 6);

int orientation_in_jpeg(std::string_view file) {
  constexpr std::uint32_t kApp1 = 0xffe1, kStartOfScan = 0xffda;
  const Bytes bytes(file, false);
  for (std::size_t at = 2;;) {
    const auto marker = bytes.number(at, 2), length = bytes.number(at + 2, 2);
    if (!marker || !length || *marker < 0xff00 || *marker == kStartOfScan || *length < 2) return 1;
    const std::string_view part = file.substr(at + 4, *length - 2);
    if (*marker == kApp1 && part.starts_with(kExifHead))
      return orientation_in_tiff(part.substr(kExifHead.size()));
    at += 2 + std::size_t{*length};
  }
}

/// The content of a chunk of that name; chunks are `size`, `name` (or the reverse) and content.
std::string_view chunk(std::string_view file, std::size_t at, std::string_view name, bool is_riff) {
  const Bytes bytes(file, is_riff);
  for (;;) {
    const auto size = bytes.number(at + (is_riff ? 4 : 0), 4);
    if (!size || file.size() < at + 8 || *size > file.size() - at - 8) return {};
    if (file.substr(at + (is_riff ? 0 : 4), 4) == name) return file.substr(at + 8, *size);
    at += 8 + std::size_t{*size} + (is_riff ? *size % 2 : 4);  // padding, or a checksum
  }
}

}  // namespace

int orientation_of(std::string_view bytes) {
  if (bytes.starts_with("\xff\xd8\xff")) return orientation_in_jpeg(bytes);
  if (bytes.starts_with("\x89PNG")) return orientation_in_tiff(chunk(bytes, 8, "eXIf", false));
  if (!bytes.starts_with("RIFF")) return 1;
  std::string_view exif = chunk(bytes, 12, "EXIF", true);
  if (exif.starts_with(kExifHead)) exif.remove_prefix(kExifHead.size());
  return orientation_in_tiff(exif);
}

ImageSize shown_size(const ImageSize& stored, int orientation) {
  return orientation >= 5 ? ImageSize{stored.width, stored.height} : stored;
}

Image shown(Image stored, int orientation) {
  if (orientation == 1) return stored;
  // Where the shown image's first row and column run in the stored one.
  const bool is_turned = orientation >= 5;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const ImageSize size = stored.size;
  Image image{shown_size(size, orientation), std::vector<std::uint8_t>(stored.pixels.size())};
  std::uint8_t* out = image.pixels.data();
  for (std::int64_t y = 0; y < image.size.height; ++y)
    for (std::int64_t x = 0; x < image.size.width; ++x) {
      std::int64_t row = is_turned ? x : y, column = is_turned ? y : x;
      if (from_bottom) row = size.height - 1 - row;
      if (from_right) column = size.width - 1 - column;
      const std::uint8_t* pixel = stored.pixels.data() + (row * size.width + column) * 3;
      for (int c = 0; c < 3; ++c) *out++ = pixel[c];
    }
  return image;
}

}  // namespace vitlab::data
