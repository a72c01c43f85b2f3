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

/// Makes what a folder or file holds durable. A failed fsync is final: the kernel may have dropped
/// the dirty pages, so a second try that succeeds would prove nothing.
void sync_path(const fs::path& path, int flags) {
  const int file = open_again(path, O_RDONLY | flags);
  if (file < 0) fail(path, "open", errno);
  const int cause = fsync(file) == 0 ? 0 : errno;
  close(file);
  // Some network file systems have no fsync for folders and answer EINVAL.
  if (cause != 0 && !(cause == EINVAL && (flags & O_DIRECTORY) != 0)) fail(path, "fsync", cause);
}

void sync_folder(const fs::path& folder) { sync_path(folder, O_DIRECTORY); }

void make_folders(const fs::path& folder) {
  struct stat status;
  if (folder.empty() || (stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode))) return;
  make_folders(folder.parent_path());
  if (mkdir(folder.c_str(), 0777) != 0) {
    if (errno == EEXIST && stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return;
    fail(folder, "make the folder", errno);
  }
  sync_folder(folder_of(folder));
}

/// A durable file under a unique name beside its goal, unlinked unless it was renamed.
class TemporaryFile {
 public:
  TemporaryFile(const fs::path& goal, std::string_view content)
      : goal_(goal), path_(folder_of(goal) / unique_name()) {
    const int file = open_again(path_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
    if (file < 0) fail(goal_, "create a file beside it", errno);
    const int write_cause = write_all(file, content);
    const int sync_cause = write_cause == 0 && fsync(file) != 0 ? errno : 0;
    const int close_cause = close(file) != 0 ? errno : 0;
    if (write_cause == 0 && sync_cause == 0 && close_cause == 0) return;
    remove();
    if (write_cause != 0) fail(goal_, "write", write_cause);
    if (sync_cause != 0) fail(goal_, "fsync", sync_cause);
    fail(goal_, "close", close_cause);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { remove(); }

  const fs::path& path() const { return path_; }
  void renamed() { path_.clear(); }
  void remove() {
    if (!path_.empty()) unlink(path_.c_str());
    path_.clear();
  }
  /// An NFS server that repeats its answer may refuse a link that it made: the count tells.
  bool is_linked_twice() const {
    struct stat status;
    return stat(path_.c_str(), &status) == 0 && status.st_nlink == 2;
  }

 private:
  static int write_all(int file, std::string_view content) {
    while (!content.empty()) {
      const ssize_t written = write(file, content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return errno;
      content.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
  }

  fs::path goal_;
  fs::path path_;
};

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

bool link_new(TemporaryFile& file, const fs::path& path) {
  const int cause = link(file.path().c_str(), path.c_str()) == 0 ? 0 : errno;
  if (cause == 0 || file.is_linked_twice()) {
    file.remove();
    return true;
  }
  if (cause == EEXIST) return false;
  if (cause != EPERM && cause != EOPNOTSUPP) fail(path, "link", cause);
  if (!rename_new(file.path(), path)) return false;  // a file system without hard links
  file.renamed();
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
    if (entry.is_directory()) sync_folder(entry.path());
    if (entry.is_regular_file()) sync_path(entry.path(), 0);
  }
  sync_folder(folder);
}

}  // namespace

void write_file_atomically(const fs::path& path, std::string_view content) {
  make_folders(path.parent_path());
  TemporaryFile file(path, content);
  if (rename(file.path().c_str(), path.c_str()) != 0) fail(path, "rename to it", errno);
  file.renamed();
  sync_folder(folder_of(path));
}

bool publish_file(const fs::path& path, std::string_view content) {
  make_folders(path.parent_path());
  TemporaryFile file(path, content);
  if (!link_new(file, path)) return false;
  sync_folder(folder_of(path));
  return true;
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
  sync_folder(folder_of(final_));
}

fs::path program_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) throw Failure("/proc/self/exe: " + error.message());
  return program.parent_path();
}

}  // namespace vitlab::core
