#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace vitlab::core {

/// Writes a file whole or not at all: unique temporary (`.tmp-…`) in the same folder, fsync, rename
/// over `path`, fsync of the folder. Makes missing parent folders. Throws Failure with path and
/// errno.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// As above but never replaces: returns false if `path` exists already (link, not rename).
bool publish_file(const std::filesystem::path& path, std::string_view content);

/// A new folder beside `final_path` that becomes `final_path` on commit(); removed if it was not
/// committed, so that a failed command leaves nothing half-written. An existing `final_path` is
/// replaced only if `replace`, else commit throws UserError.
class StagedFolder {
 public:
  explicit StagedFolder(std::filesystem::path final_path, bool replace = false);
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;
  ~StagedFolder();

  const std::filesystem::path& path() const { return staging_; }
  void commit();

 private:
  std::filesystem::path final_;
  std::filesystem::path staging_;
  bool replace_;
  bool committed_ = false;
};

/// The folder that holds the running program (from /proc/self/exe).
std::filesystem::path program_folder();

}  // namespace vitlab::core
