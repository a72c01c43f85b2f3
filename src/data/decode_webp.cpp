#include <webp/decode.h>

#include "data/decode.h"

namespace vitlab::data {

namespace {

const std::uint8_t* webp_bytes(std::string_view bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

}  // namespace

ImageSize read_webp_size(std::string_view bytes) {
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(webp_bytes(bytes), bytes.size(), &features) != VP8_STATUS_OK)
    throw BrokenImage("is damaged (WebP: its header does not read)");
  if (features.has_animation != 0) throw BrokenImage("is an animation; one picture is expected");
  return {features.height, features.width};
}

Image decode_webp(std::string_view bytes) {
  const ImageSize size = read_webp_size(bytes);
  const std::size_t row = static_cast<std::size_t>(size.width) * 3;
  Image image{size, std::vector<std::uint8_t>(row * static_cast<std::size_t>(size.height))};
  if (WebPDecodeRGBInto(webp_bytes(bytes), bytes.size(), image.pixels.data(), image.pixels.size(),
                        static_cast<int>(row)) == nullptr)
    throw BrokenImage("is damaged or cut short (WebP)");
  return image;
}

}  // namespace vitlab::data
