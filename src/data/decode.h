#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "core/choice.h"
#include "data/image.h"

namespace vitlab::data {

/// Why a file is no image; the message is the reason alone ("is cut short"), without a path.
class BrokenImage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What is refused before anything is allocated; so many pixels are Pillow's limit too, and take
/// 0.5 GiB of a PNG or WebP, less of a JPEG that is shrunk while it is decoded.
constexpr std::size_t kMostImageBytes = std::size_t{256} << 20;
constexpr std::int64_t kMostImageSide = 65'535;
constexpr std::int64_t kMostImagePixels = 178'956'970;

enum class ImageFormat : std::uint8_t { kJpeg, kPng, kWebp };
struct ImageFormatRow {
  ImageFormat value;
  std::string_view word;
};
inline constexpr std::array kImageFormats{ImageFormatRow{ImageFormat::kJpeg, "JPEG"},
                                          ImageFormatRow{ImageFormat::kPng, "PNG"},
                                          ImageFormatRow{ImageFormat::kWebp, "WebP"}};
static_assert(core::is_whole(kImageFormats));
constexpr const auto& choice_rows(ImageFormat) { return kImageFormats; }

/// Told by content, not by name. Throws BrokenImage if it is none.
ImageFormat format_of(std::string_view bytes);

/// Height and width of an image as it is shown, by its header. Throws BrokenImage if it is none or
/// over the limits.
ImageSize read_image_size(std::string_view bytes);

/// Decodes an image as it is shown (EXIF orientation applied) to red, green, blue; grey is
/// replicated, transparency dropped, 16 bits cut to 8. A JPEG may come smaller, at the least of 1,
/// 1/2, 1/4, 1/8 that is not below `least_scale`. Throws BrokenImage on damage, truncation
/// included.
Image decode_image(std::string_view bytes, double least_scale = 1);

/// The decoders behind decode_image, of the image as it is stored.
ImageSize read_jpeg_size(std::string_view bytes);
Image decode_jpeg(std::string_view bytes, double least_scale);
ImageSize read_png_size(std::string_view bytes);
Image decode_png(std::string_view bytes);
ImageSize read_webp_size(std::string_view bytes);
Image decode_webp(std::string_view bytes);

}  // namespace vitlab::data
