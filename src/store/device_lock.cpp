#include "store/device_lock.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/names.h"

namespace vitlab::store {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(20);

/// An open lock file that is closed, and so unlocked, unless it was handed on.
class LockFile {
 public:
  explicit LockFile(std::filesystem::path path)
      : path_(std::move(path)),
        descriptor_(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (descriptor_ < 0) fail("open");
  }
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  ~LockFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  bool try_lock(int operation) const {
    if (::flock(descriptor_, operation | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK && errno != EINTR) fail("lock");
    return false;
  }
  /// Who locked it exclusively last; only words for a message.
  std::string note() const {
    std::array<char, 64> text{};
    const ssize_t size = ::pread(descriptor_, text.data(), text.size(), 0);
    return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : "";
  }
  void write_note(const std::string& text) const {
    // Best effort: the lock holds without it.
    if (::ftruncate(descriptor_, 0) != 0) return;
    [[maybe_unused]] const auto written = ::pwrite(descriptor_, text.data(), text.size(), 0);
  }
  int hand_on() { return std::exchange(descriptor_, -1); }

 private:
  [[noreturn]] void fail(const char* action) const {
    throw core::Failure(
        fmt::format("{}: cannot {}: {}", path_.string(), action, std::strerror(errno)));
  }

  std::filesystem::path path_;
  int descriptor_;
};

/// Makes a folder that only we can write to; /tmp is open to everybody, so it is checked.
void make_private_folder(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    throw core::Failure(
        fmt::format("{}: cannot make the folder: {}", path.string(), std::strerror(errno)));
  }
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
      status.st_uid != ::geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    throw core::Failure(
        path.string() +
        ": not a folder that only you can write to; remove it or set XDG_RUNTIME_DIR");
  }
}

}  // namespace

std::filesystem::path device_lock_folder() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const bool has_runtime = runtime != nullptr && ::access(runtime, W_OK | X_OK) == 0;
  const std::filesystem::path parent =
      has_runtime ? std::filesystem::path(runtime) / "vitlab"
                  : std::filesystem::path(fmt::format("/tmp/vitlab-{}", ::geteuid()));
  make_private_folder(parent);
  make_private_folder(parent / "locks");
  return parent / "locks";
}

DeviceLock::DeviceLock(const std::string& device, Use use, const OnWait& on_wait,
                       const std::filesystem::path& folder) {
  core::check_label(device, "device");
  const bool alone = use == Use::kExclusive;
  LockFile lock(folder / (device + ".lock"));
  // Everybody passes the turnstile; who waits for exclusive use waits inside it, so that shared
  // users who come later cannot keep the device busy for ever.
  const LockFile turnstile(folder / (device + ".turn"));
  bool told = false;
  const auto acquire = [&](const LockFile& file, int operation) {
    while (!file.try_lock(operation)) {
      if (!told && on_wait) {
        const std::string note = lock.note();
        on_wait(note.empty() ? fmt::format("'{}', which another vitlab is using", device)
                             : fmt::format("'{}', on which {}", device, note));
      }
      told = true;
      core::check_interrupt();
      std::this_thread::sleep_for(kPoll);
    }
  };
  acquire(turnstile, alone ? LOCK_EX : LOCK_SH);
  acquire(lock, alone ? LOCK_EX : LOCK_SH);
  lock.write_note(alone ? fmt::format("process {} is measuring", ::getpid()) : "");
  descriptor_ = lock.hand_on();
}

DeviceLock::~DeviceLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace vitlab::store
