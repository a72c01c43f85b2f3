#include "data/decode.h"

#include <fmt/format.h>

#include "data/exif.h"

namespace vitlab::data {

namespace {

void check_size(const ImageSize& size) {
  if (size.height < 1 || size.width < 1) throw BrokenImage("has no pixels");
  if (size.height > kMostImageSide || size.width > kMostImageSide ||
      size.height * size.width > kMostImagePixels)
    throw BrokenImage(
        fmt::format("is too large: {} x {} pixels; the limit is {} in all and {} a "
                    "side",
                    size.width, size.height, kMostImagePixels, kMostImageSide));
}

ImageSize stored_size(ImageFormat format, std::string_view bytes) {
  switch (format) {
    case ImageFormat::kJpeg:
      return read_jpeg_size(bytes);
    case ImageFormat::kPng:
      return read_png_size(bytes);
    case ImageFormat::kWebp:
      return read_webp_size(bytes);
  }
  return {};
}

Image stored_image(ImageFormat format, std::string_view bytes, double least_scale) {
  switch (format) {
    case ImageFormat::kJpeg:
      return decode_jpeg(bytes, least_scale);
    case ImageFormat::kPng:
      return decode_png(bytes);
    case ImageFormat::kWebp:
      return decode_webp(bytes);
  }
  return {};
}

}  // namespace

ImageFormat format_of(std::string_view bytes) {
  if (bytes.empty()) throw BrokenImage("is empty");
  if (bytes.size() > kMostImageBytes)
    throw BrokenImage(fmt::format("has {} bytes; the limit is {}", bytes.size(), kMostImageBytes));
  if (bytes.starts_with("\xff\xd8\xff")) return ImageFormat::kJpeg;
  if (bytes.starts_with("\x89PNG")) return ImageFormat::kPng;
  if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) return ImageFormat::kWebp;
  throw BrokenImage("is neither JPEG nor PNG nor WebP");
}

ImageSize read_image_size(std::string_view bytes) {
  const ImageSize size = stored_size(format_of(bytes), bytes);
  check_size(size);
  return shown_size(size, orientation_of(bytes));
}

Image decode_image(std::string_view bytes, double least_scale) {
  read_image_size(bytes);
  return shown(stored_image(format_of(bytes), bytes, least_scale), orientation_of(bytes));
}

}  // namespace vitlab::data
