#include "data/decode.h"

#include <fmt/format.h>

namespace vitlab::data {

namespace {

enum class Format { kJpeg, kPng };

Format format_of(std::string_view bytes) {
  if (bytes.empty()) throw BrokenImage("is empty");
  if (bytes.size() > kMostImageBytes)
    throw BrokenImage(fmt::format("has {} bytes; the limit is {}", bytes.size(), kMostImageBytes));
  if (bytes.starts_with("\xff\xd8\xff")) return Format::kJpeg;
  if (bytes.starts_with("\x89PNG")) return Format::kPng;
  throw BrokenImage("is neither JPEG nor PNG");
}

void check_size(const ImageSize& size) {
  if (size.height < 1 || size.width < 1) throw BrokenImage("has no pixels");
  if (size.height > kMostImageSide || size.width > kMostImageSide ||
      size.height * size.width > kMostImagePixels)
    throw BrokenImage(fmt::format("claims {} x {} pixels; the limit is {} a side and {} in all",
                                  size.height, size.width, kMostImageSide, kMostImagePixels));
}

}  // namespace

ImageSize read_image_size(std::string_view bytes) {
  const ImageSize size =
      format_of(bytes) == Format::kJpeg ? read_jpeg_size(bytes) : read_png_size(bytes);
  check_size(size);
  return size;
}

Image decode_image(std::string_view bytes, double least_scale) {
  read_image_size(bytes);
  return format_of(bytes) == Format::kJpeg ? decode_jpeg(bytes, least_scale) : decode_png(bytes);
}

}  // namespace vitlab::data
