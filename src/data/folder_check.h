#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/decode.h"

namespace vitlab::data {

/// What reading a file whole showed.
struct FileCheck {
  std::int64_t bytes = 0;
  std::string sha256;
  ImageSize size;  // as it is shown
  ImageFormat format{};
  std::string broken;  // why it is no image; "" when it is one
};

/// Reads, hashes and decodes every file (paths relative to `root`) on all cores. With a cache
/// folder, files whose size, times and inode are those of an earlier check are taken from there;
/// what cannot be remembered is no error. Throws Interrupted when asked to stop.
std::vector<FileCheck> check_image_files(const std::filesystem::path& root,
                                         const std::vector<std::string>& paths,
                                         const std::optional<std::filesystem::path>& cache_folder);

/// The user's cache folder for vitlab, or nothing where there is no home.
std::optional<std::filesystem::path> user_cache_folder();

}  // namespace vitlab::data
