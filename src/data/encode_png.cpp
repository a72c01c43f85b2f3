#include "data/encode_png.h"

#include <cstddef>

#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

#include "core/error.h"

namespace vitlab::data {

std::string encode_png(const Image& image) {
  constexpr int kColors = 3;
  const auto width = static_cast<int>(image.size.width);
  const auto height = static_cast<int>(image.size.height);
  core::ensure(width > 0 && height > 0 &&
                   image.pixels.size() ==
                       static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * kColors,
               "an image has its pixels");
  std::string bytes;
  const auto append = [](void* target, void* data, int size) {
    static_cast<std::string*>(target)->append(static_cast<const char*>(data),
                                              static_cast<std::size_t>(size));
  };
  const int written = stbi_write_png_to_func(append, &bytes, width, height, kColors,
                                             image.pixels.data(), width * kColors);
  core::ensure(written != 0, "a PNG in memory can be written");
  return bytes;
}

}  // namespace vitlab::data
