#include "core/files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

namespace vitlab::core {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const char* action, int cause) {
  throw Failure(fmt::format("{}: cannot {}: {}", path.string(), action, std::strerror(cause)));
}

/// Names do not repeat across processes and machines that share a folder.
std::string unique_name() {
  std::uint64_t bits[2] = {};
  if (getrandom(bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) {
    throw Failure(fmt::format("no random bytes for a temporary name: {}", std::strerror(errno)));
  }
  return fmt::format(".tmp-{:016x}{:016x}", bits[0], bits[1]);
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

int open_again(const fs::path& path, int flags, mode_t mode = 0) {
  int file = -1;
  do file = open(path.c_str(), flags | O_CLOEXEC, mode);
  while (file < 0 && errno == EINTR);
  return file;
}

int write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : EIO;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

/// rename that refuses an existing `to`; false if it exists.
bool rename_new(const fs::path& from, const fs::path& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno == EEXIST) return false;
  if (errno != EINVAL && errno != ENOSYS) fail(to, "rename to it", errno);
  struct stat status;
  if (lstat(to.c_str(), &status) == 0) return false;
  if (rename(from.c_str(), to.c_str()) != 0) fail(to, "rename to it", errno);
  return true;
}

/// Puts `from` in the place of `to` and removes what stood there; in one step where the file system
/// can swap names.
void replace_folder(const fs::path& from, const fs::path& to) {
  fs::path old = from;
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) != 0) {
    if (errno != EINVAL && errno != ENOSYS) fail(to, "replace it", errno);
    old = folder_of(to) / unique_name();
    if (rename(to.c_str(), old.c_str()) != 0) fail(to, "move it aside", errno);
    if (rename(from.c_str(), to.c_str()) != 0) {
      const int cause = errno;
      rename(old.c_str(), to.c_str());
      fail(to, "rename to it", cause);
    }
  }
  std::error_code ignored;
  fs::remove_all(old, ignored);
}

void sync_tree(const fs::path& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_symlink()) continue;
    if (entry.is_directory() || entry.is_regular_file()) sync_path(entry.path());
  }
  sync_path(folder);
}

}  // namespace

void make_folders(const fs::path& folder) {
  struct stat status;
  if (folder.empty() || (stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode))) return;
  make_folders(folder.parent_path());
  if (mkdir(folder.c_str(), 0777) != 0) {
    if (errno == EEXIST && stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return;
    fail(folder, "make the folder", errno);
  }
  sync_path(folder_of(folder));
}

void sync_path(const fs::path& path) {
  const int file = open_again(path, O_RDONLY);
  if (file < 0) fail(path, "open", errno);
  const int cause = fsync(file) == 0 ? 0 : errno;
  close(file);
  // Some network file systems have no fsync for folders and say so.
  if (cause != 0 && cause != EINVAL && cause != ENOTSUP) fail(path, "fsync", cause);
}

void write_new_file(const fs::path& path, std::string_view content, const fs::path& goal) {
  const bool is_temporary = !goal.empty();
  const fs::path& named = is_temporary ? goal : path;
  const int file = open_again(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
  if (file < 0) fail(named, is_temporary ? "create a file beside it" : "create", errno);
  const int write_cause = write_all(file, content);
  const int sync_cause = write_cause == 0 && fsync(file) != 0 ? errno : 0;
  const int close_cause = close(file) != 0 ? errno : 0;
  if (write_cause == 0 && sync_cause == 0 && close_cause == 0) return;
  unlink(path.c_str());
  if (write_cause != 0) fail(named, "write", write_cause);
  if (sync_cause != 0) fail(named, "fsync", sync_cause);
  fail(named, "close", close_cause);
}

bool link_new(const fs::path& existing, const fs::path& name) {
  const int cause = link(existing.c_str(), name.c_str()) == 0 ? 0 : errno;
  if (cause == 0) return true;
  // An NFS server that repeats its answer may refuse a link that it made: count and file tell.
  struct stat status, named;
  if (stat(existing.c_str(), &status) == 0 && status.st_nlink == 2 &&
      stat(name.c_str(), &named) == 0 && named.st_ino == status.st_ino)
    return true;
  if (cause == EEXIST) return false;
  if (cause != EPERM && cause != EOPNOTSUPP) fail(name, "link", cause);
  return rename_new(existing, name);  // a file system without hard links
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  make_folders(path.parent_path());
  const fs::path temporary = folder_of(path) / unique_name();
  write_new_file(temporary, content, path);
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    const int cause = errno;
    unlink(temporary.c_str());
    fail(path, "rename to it", cause);
  }
  sync_path(folder_of(path));
}

StagedFolder::StagedFolder(fs::path final_path, bool replace)
    : final_(final_path.has_filename() ? std::move(final_path) : final_path.parent_path()),
      replace_(replace) {
  make_folders(final_.parent_path());
  staging_ = folder_of(final_) / unique_name();
  if (mkdir(staging_.c_str(), 0777) != 0) fail(staging_, "make the folder", errno);
}

StagedFolder::~StagedFolder() {
  std::error_code ignored;
  if (!committed_) fs::remove_all(staging_, ignored);
}

void StagedFolder::commit() {
  ensure(!committed_, "a staged folder is committed once");
  try {
    sync_tree(staging_);
  } catch (const fs::filesystem_error& error) {
    throw Failure(error.what());
  }
  if (!rename_new(staging_, final_)) {
    if (!replace_) {
      throw UserError(final_.string() + ": exists already; remove it or choose another name");
    }
    replace_folder(staging_, final_);
  }
  committed_ = true;
  sync_path(folder_of(final_));
}

fs::path program_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) throw Failure("/proc/self/exe: " + error.message());
  return program.parent_path();
}

}  // namespace vitlab::core
