#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "data/image.h"

namespace vitlab::data {

/// Why a file is no image; the message is the reason alone ("is cut short"), without a path.
class BrokenImage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What is refused before anything is allocated.
constexpr std::size_t kMostImageBytes = std::size_t{128} << 20;
constexpr std::int64_t kMostImageSide = 65'535;
constexpr std::int64_t kMostImagePixels = std::int64_t{64} << 20;

/// Height and width that a JPEG's or PNG's header claims, told apart by content, not by name.
/// Throws BrokenImage if it is neither or over the limits.
ImageSize read_image_size(std::string_view bytes);

/// Decodes a JPEG or PNG to red, green, blue; grey is replicated, transparency dropped, 16 bits cut
/// to 8, EXIF orientation not applied. A JPEG may come smaller, at the least of 1, 1/2, 1/4, 1/8
/// that is not below `least_scale`. Throws BrokenImage on damage, truncation included.
Image decode_image(std::string_view bytes, double least_scale = 1);

/// The two decoders behind decode_image.
ImageSize read_jpeg_size(std::string_view bytes);
Image decode_jpeg(std::string_view bytes, double least_scale);
ImageSize read_png_size(std::string_view bytes);
Image decode_png(std::string_view bytes);

}  // namespace vitlab::data
