#include <cstdlib>
#include <memory>
#include <string>

#include <zlib.h>

#include "data/decode.h"

namespace vitlab::data {

namespace {

// stb_image has no bound on what a PNG's stream may unpack to; these allocators are the bound: 8
// bytes for each of the most pixels, and the slack of its doubling buffer.
constexpr std::size_t kMostAllocation =
    static_cast<std::size_t>(kMostImagePixels) * 8 + (std::size_t{128} << 20);

void* bounded_malloc(std::size_t size) {
  return size > kMostAllocation ? nullptr : std::malloc(size);
}
void* bounded_realloc(void* block, std::size_t size) {
  return size > kMostAllocation ? nullptr : std::realloc(block, size);
}

}  // namespace

}  // namespace vitlab::data

#define STBI_MALLOC(size) vitlab::data::bounded_malloc(size)
#define STBI_REALLOC(block, size) vitlab::data::bounded_realloc(block, size)
#define STBI_FREE(block) std::free(block)
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_MAX_DIMENSIONS 65535
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace vitlab::data {

namespace {

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";

std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// Checks every chunk's length and checksum up to IEND, which stb_image does not.
void check_chunks(std::string_view bytes) {
  constexpr std::size_t kAround = 12;  // length, type and checksum
  std::size_t at = kSignature.size();
  while (true) {
    if (bytes.size() - at < kAround) throw BrokenImage("is cut short (PNG)");
    const std::size_t length = big_endian(bytes, at);
    if (length > bytes.size() - at - kAround) throw BrokenImage("is cut short (PNG)");
    const std::string_view covered = bytes.substr(at + 4, length + 4);
    const uLong checksum =
        crc32(0, reinterpret_cast<const Bytef*>(covered.data()), static_cast<uInt>(covered.size()));
    if (checksum != big_endian(bytes, at + 8 + length))
      throw BrokenImage("is damaged (PNG: wrong checksum)");
    if (covered.starts_with("IEND")) return;
    at += kAround + length;
  }
}

struct FreePixels {
  void operator()(unsigned char* pixels) const { stbi_image_free(pixels); }
};

}  // namespace

ImageSize read_png_size(std::string_view bytes) {
  constexpr std::size_t kHeaderEnd = 33;  // signature and the IHDR chunk
  if (!bytes.starts_with(kSignature) || bytes.size() < kHeaderEnd)
    throw BrokenImage("is cut short (PNG)");
  if (bytes.substr(12, 4) != "IHDR") throw BrokenImage("is damaged (PNG: no header)");
  return {big_endian(bytes, 20), big_endian(bytes, 16)};
}

Image decode_png(std::string_view bytes) {
  check_chunks(bytes);
  int width = 0;
  int height = 0;
  int channels = 0;
  const std::unique_ptr<unsigned char, FreePixels> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()),
                            static_cast<int>(bytes.size()), &width, &height, &channels, 3));
  if (!pixels) throw BrokenImage(std::string("is damaged (PNG: ") + stbi_failure_reason() + ")");
  const std::size_t count = static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3;
  return {{height, width}, {pixels.get(), pixels.get() + count}};
}

}  // namespace vitlab::data
