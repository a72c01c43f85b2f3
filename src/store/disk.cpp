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
#include "core/files.h"
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

bool publish_text(const std::filesystem::path& path, std::string_view content) {
  const RemovedUnlessKept temporary(path.parent_path() /
                                    (std::string(kTemporaryPrefix) + new_writer_tag()));
  core::write_new_file(temporary.path(), content);
  if (!core::link_new(temporary.path(), path)) return false;
  RemovedUnlessKept published(path);  // not durable is not published
  core::sync_path(path.parent_path());
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
