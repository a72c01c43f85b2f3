#include "store/disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "store/process_identity.h"

namespace vitlab::store {
namespace {

constexpr std::int64_t kLargestRead = std::int64_t{256} << 20;

[[noreturn]] void fail(const std::filesystem::path& path, const char* action, int error) {
  throw core::Failure(
      fmt::format("{}: cannot {}: {}", path.string(), action, std::strerror(error)));
}

/// A descriptor that is closed at the end of the scope; close() is the checked way.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags) : path_(path) {
    do {
      number_ = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    } while (number_ < 0 && errno == EINTR);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  void close() {
    const int number = number_;
    number_ = -1;  // Linux frees the number even if close() fails, so it is never closed twice
    if (::close(number) != 0 && errno != EINTR) fail(path_, "close", errno);
  }

 private:
  const std::filesystem::path& path_;
  int number_ = -1;
};

void write_all(int descriptor, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail(path, "write", written < 0 ? errno : EIO);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::optional<std::string> read_regular_file(const std::filesystem::path& path) {
  // O_NONBLOCK: a pipe planted under a record's name must not hang a scan.
  Descriptor file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    fail(path, "open", errno);
  }
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) fail(path, "stat", errno);
  if (!S_ISREG(status.st_mode)) throw core::Failure(path.string() + ": not a regular file");
  if (status.st_size > kLargestRead) throw core::Failure(path.string() + ": larger than 256 MiB");
  std::string content(static_cast<std::size_t>(status.st_size) + 1, '\0');
  std::size_t size = 0;
  while (true) {
    if (size == content.size()) content.resize(2 * size);  // it grew since
    const ssize_t count = ::read(file.number(), content.data() + size, content.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path, "read", errno);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  content.resize(size);
  return content;
}

std::vector<std::string> list_folder(const std::filesystem::path& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
  if (!folder) {
    if (errno == ENOENT || errno == ENOTDIR) return names;
    fail(path, "open", errno);
  }
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) fail(path, "list", errno);
  std::sort(names.begin(), names.end());
  return names;
}

void make_folders(const std::filesystem::path& path) {
  if (path.empty() || path == path.root_path()) return;
  if (::mkdir(path.c_str(), 0755) != 0) {
    if (errno == ENOENT) {
      make_folders(path.parent_path());
      if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) fail(path, "make the folder", errno);
    } else if (errno == EEXIST) {
      struct stat status {};
      if (::stat(path.c_str(), &status) != 0) fail(path, "stat", errno);
      if (!S_ISDIR(status.st_mode)) fail(path, "make the folder", ENOTDIR);
      return;
    } else {
      fail(path, "make the folder", errno);
    }
  }
  const auto parent = path.parent_path();
  sync_path(parent.empty() ? std::filesystem::path(".") : parent);
}

void sync_path(const std::filesystem::path& path) {
  Descriptor file(path, O_RDONLY);
  if (!file.is_open()) fail(path, "open", errno);
  // EINVAL, ENOTSUP: file systems that cannot sync a folder have nothing to sync.
  if (::fsync(file.number()) != 0 && errno != EINVAL && errno != ENOTSUP) fail(path, "sync", errno);
  file.close();
}

void write_new_file(const std::filesystem::path& path, std::string_view content) {
  Descriptor file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  if (!file.is_open()) fail(path, "create", errno);
  write_all(file.number(), content, path);
  if (::fsync(file.number()) != 0) fail(path, "sync", errno);
  file.close();
}

bool create_exclusively(const std::filesystem::path& path, std::string_view content) {
  Descriptor file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  if (!file.is_open()) {
    if (errno == EEXIST) return false;
    fail(path, "create", errno);
  }
  RemovedUnlessKept created(path);
  write_all(file.number(), content, path);
  file.close();
  created.keep();
  return true;
}

bool link_new(const std::filesystem::path& existing, const std::filesystem::path& name) {
  if (::link(existing.c_str(), name.c_str()) == 0) return true;
  const int error = errno;
  // On NFS a lost reply makes a link that succeeded look like one that failed.
  struct stat status {};
  struct stat named {};
  if (::stat(existing.c_str(), &status) == 0 && status.st_nlink == 2 &&
      ::stat(name.c_str(), &named) == 0 && named.st_ino == status.st_ino) {
    return true;
  }
  if (error == EEXIST) return false;
  fail(name, "link", error);
}

bool publish_text(const std::filesystem::path& path, std::string_view content) {
  const RemovedUnlessKept temporary(path.parent_path() /
                                    (std::string(kTemporaryPrefix) + new_writer_tag()));
  write_new_file(temporary.path(), content);
  if (!link_new(temporary.path(), path)) return false;
  RemovedUnlessKept published(path);  // not durable is not published
  sync_path(path.parent_path());
  published.keep();
  return true;
}

RemovedUnlessKept::~RemovedUnlessKept() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
  if (ignored) std::filesystem::remove_all(path_, ignored);  // once more: EINTR, a passing EIO
}

}  // namespace vitlab::store
