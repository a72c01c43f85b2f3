#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vitlab::store {

/// How the name of everything begins that is being written and not published yet; a writer tag
/// follows (process_identity.h).
inline constexpr std::string_view kTemporaryPrefix = "tmp-";

/// The content of a regular file; nullopt if nothing is there. Never follows a link. Throws
/// Failure with path and errno, also for what is not a regular file or larger than 256 MiB.
std::optional<std::string> read_regular_file(const std::filesystem::path& path);

/// The names in a folder, sorted; none if nothing is there or it is no folder. Throws Failure.
std::vector<std::string> list_folder(const std::filesystem::path& path);

/// Makes a file only if the name is free, else returns false; not durable: for claims.
bool create_exclusively(const std::filesystem::path& path, std::string_view content);

/// Publishes `content` under `path`, whole or not at all, durably; false if the name is taken.
/// Its temporary stands in the same folder and is named by kTemporaryPrefix.
bool publish_text(const std::filesystem::path& path, std::string_view content);

/// Removes a path at the end of the scope unless it was kept; never throws.
class RemovedUnlessKept {
 public:
  explicit RemovedUnlessKept(std::filesystem::path path) : path_(std::move(path)) {}
  RemovedUnlessKept(const RemovedUnlessKept&) = delete;
  RemovedUnlessKept& operator=(const RemovedUnlessKept&) = delete;
  ~RemovedUnlessKept();

  const std::filesystem::path& path() const { return path_; }
  void keep() { path_.clear(); }
  /// Guards `path` from now on; nothing may be guarded at the time.
  void reset(std::filesystem::path path) { path_ = std::move(path); }

 private:
  std::filesystem::path path_;
};

}  // namespace vitlab::store
