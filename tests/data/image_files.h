#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "data/image.h"

namespace vitlab::data {

/// A picture that differs from pixel to pixel, the same each time for one `seed`.
Image noise_image(std::int64_t height, std::int64_t width, std::uint64_t seed = 1);
/// A picture of one colour.
Image plain_image(std::int64_t height, std::int64_t width, std::uint8_t red, std::uint8_t green,
                  std::uint8_t blue);

std::string png_bytes(const Image& image);
/// `quality` 100 without chroma subsampling.
std::string jpeg_bytes(const Image& image);
std::string gzip_bytes(const std::string& content);

/// Writes a file and the folders above it.
void write_bytes(const std::filesystem::path& path, const std::string& bytes);

}  // namespace vitlab::data
