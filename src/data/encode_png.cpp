#include "data/encode_png.h"

#include <string_view>

#include <zlib.h>

#include "core/error.h"

namespace vitlab::data {

namespace {

void append_number(std::string& bytes, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(number >> shift & 0xffU)));
}

/// A chunk: length of its data, type, data, and a checksum of type and data.
void append_chunk(std::string& bytes, std::string_view type, std::string_view data) {
  append_number(bytes, static_cast<std::uint32_t>(data.size()));
  const std::size_t begin = bytes.size();
  bytes.append(type).append(data);
  const auto* checked = reinterpret_cast<const Bytef*>(bytes.data() + begin);
  append_number(bytes,
                static_cast<std::uint32_t>(crc32(0, checked, static_cast<uInt>(4 + data.size()))));
}

std::string deflated(const std::string& plain) {
  uLongf size = compressBound(static_cast<uLong>(plain.size()));
  std::string packed(size, '\0');
  const int code = compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                             reinterpret_cast<const Bytef*>(plain.data()),
                             static_cast<uLong>(plain.size()), Z_BEST_COMPRESSION);
  core::ensure(code == Z_OK, "a buffer of the size that zlib asks for is enough");
  packed.resize(size);
  return packed;
}

}  // namespace

std::string encode_png(const Image& image) {
  const auto height = static_cast<std::size_t>(image.size.height);
  const std::size_t row = static_cast<std::size_t>(image.size.width) * 3;
  core::ensure(height > 0 && row > 0 && image.pixels.size() == height * row,
               "an image has its pixels");
  std::string header;
  append_number(header, static_cast<std::uint32_t>(image.size.width));
  append_number(header, static_cast<std::uint32_t>(image.size.height));
  header.append("\x08\x02\x00\x00\x00", 5);  // 8 bits, red green blue, no interlacing
  std::string lines;
  for (std::size_t y = 0; y < height; ++y) {
    lines.push_back('\0');  // the row as it is
    lines.append(reinterpret_cast<const char*>(image.pixels.data()) + y * row, row);
  }
  std::string bytes("\x89PNG\r\n\x1a\n", 8);
  append_chunk(bytes, "IHDR", header);
  append_chunk(bytes, "IDAT", deflated(lines));
  append_chunk(bytes, "IEND", "");
  return bytes;
}

}  // namespace vitlab::data
