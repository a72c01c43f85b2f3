#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace vitlab::core {

/// Writes a file whole or not at all: unique temporary (`.tmp-…`) in the same folder, fsync, rename
/// over `path`, fsync of the folder. Makes missing parent folders. Throws Failure with path and
/// errno.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// Makes a folder and its missing parents, durably. Throws Failure.
void make_folders(const std::filesystem::path& folder);

/// Makes what a file or folder holds durable. An error is final: the kernel may have dropped the
/// dirty pages, so that a second try that succeeds would prove nothing. Throws Failure.
void sync_path(const std::filesystem::path& path);

/// Writes a file that must not exist yet, with fsync and a checked close; a failed one is removed.
/// Throws Failure that names `goal`, what a temporary is written for, or else `path`.
void write_new_file(const std::filesystem::path& path, std::string_view content,
                    const std::filesystem::path& goal = {});

/// Gives the file `existing` the name `name`; false if that is taken. Never replaces. `existing`
/// may be gone afterwards: a file system without hard links renames it.
bool link_new(const std::filesystem::path& existing, const std::filesystem::path& name);

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
