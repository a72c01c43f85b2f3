#include "store/staged_files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "store/process_identity.h"

namespace vitlab::store {
namespace {

std::filesystem::path new_staging_path(const std::filesystem::path& stage_folder) {
  return stage_folder / (std::string(kTemporaryPrefix) + new_writer_tag());
}

/// The same writer tag under the final prefix.
std::string final_name_for(const std::filesystem::path& staging) {
  return std::string(kFilesPrefix) + staging.filename().string().substr(kTemporaryPrefix.size());
}

/// Everything below `folder`, files before the folder that holds them, in a fixed order.
void sync_and_list(const std::filesystem::path& folder, const std::string& prefix,
                   std::vector<StoredFile>& files) {
  for (const std::string& name : list_folder(folder)) {
    const std::filesystem::path path = folder / name;
    std::error_code error;
    const auto status = std::filesystem::symlink_status(path, error);
    if (error)
      throw core::Failure(fmt::format("{}: cannot stat: {}", path.string(), error.message()));
    if (std::filesystem::is_directory(status)) {
      sync_and_list(path, prefix + name + "/", files);
    } else if (std::filesystem::is_regular_file(status)) {
      core::sync_path(path);
      const auto size = std::filesystem::file_size(path, error);
      if (error)
        throw core::Failure(fmt::format("{}: cannot stat: {}", path.string(), error.message()));
      files.push_back({.name = prefix + name,
                       .path = "",
                       .size = static_cast<std::int64_t>(size),
                       .sha256 = core::sha256_file(path)});
    } else {
      throw core::Failure(path.string() + ": neither a file nor a folder; it cannot be stored");
    }
  }
  core::sync_path(folder);
}

}  // namespace

StagedFiles::StagedFiles(const std::filesystem::path& stage_folder)
    : committed_(std::filesystem::path()), staging_(new_staging_path(stage_folder)) {
  core::make_folders(staging_.path());
}

std::vector<StoredFile> StagedFiles::commit() {
  std::vector<StoredFile> files;
  sync_and_list(staging_.path(), "", files);
  const std::string final_name = final_name_for(staging_.path());
  const std::filesystem::path final_path = staging_.path().parent_path() / final_name;
  if (std::rename(staging_.path().c_str(), final_path.c_str()) != 0) {
    throw core::Failure(
        fmt::format("{}: cannot rename: {}", final_path.string(), std::strerror(errno)));
  }
  committed_.reset(final_path);
  for (StoredFile& file : files) file.path = final_name + "/" + file.name;
  return files;
}

}  // namespace vitlab::store
