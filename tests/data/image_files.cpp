#include "image_files.h"

#include <fstream>
#include <memory>

#include <turbojpeg.h>
#include <zlib.h>

#include "core/random.h"
#include "test.hpp"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>

namespace vitlab::data {

Image noise_image(std::int64_t height, std::int64_t width, std::uint64_t seed) {
  core::Random random(seed);
  Image image{{height, width}, {}};
  for (std::int64_t i = 0; i < height * width * 3; ++i)
    image.pixels.push_back(static_cast<std::uint8_t>(random.below(256)));
  return image;
}

Image plain_image(std::int64_t height, std::int64_t width, std::uint8_t red, std::uint8_t green,
                  std::uint8_t blue) {
  Image image{{height, width}, {}};
  for (std::int64_t i = 0; i < height * width; ++i)
    image.pixels.insert(image.pixels.end(), {red, green, blue});
  return image;
}

std::string png_bytes(const Image& image) {
  std::string bytes;
  const auto append = [](void* target, void* block, int size) {
    static_cast<std::string*>(target)->append(static_cast<char*>(block),
                                              static_cast<std::size_t>(size));
  };
  REQUIRE(stbi_write_png_to_func(append, &bytes, static_cast<int>(image.size.width),
                                 static_cast<int>(image.size.height), 3, image.pixels.data(),
                                 0) != 0);
  return bytes;
}

std::string jpeg_bytes(const Image& image) {
  const std::unique_ptr<void, int (*)(void*)> encoder(tjInitCompress(), tjDestroy);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  REQUIRE(tjCompress2(encoder.get(), image.pixels.data(), static_cast<int>(image.size.width), 0,
                      static_cast<int>(image.size.height), TJPF_RGB, &bytes, &size, TJSAMP_444, 100,
                      0) == 0);
  const std::string copy(reinterpret_cast<char*>(bytes), size);
  tjFree(bytes);
  return copy;
}

std::string gzip_bytes(const std::string& content) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string bytes(content.size() + 1024, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace vitlab::data
