#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>

namespace vitlab::store {

/// Where the device locks of this machine and user stand: $XDG_RUNTIME_DIR/vitlab/locks, else
/// /tmp/vitlab-UID/locks. Made with mode 0700; a folder of somebody else is a Failure.
std::filesystem::path device_lock_folder();

/// Keeps timed work alone on a device. The kernel releases it when the process dies, so nothing is
/// ever left over. Who waits for exclusive use is not starved by later shared users.
class DeviceLock {
 public:
  enum class Use { kShared, kExclusive };  // untimed work, timed work
  /// Called once, with the reason, if the lock is not free at once.
  using OnWait = std::function<void(const std::string& waiting_for)>;

  /// Waits for the lock of a device class ("cpu", "cuda:0", "h200"); throws Interrupted when the
  /// user stops the program meanwhile, UserError for a device that cannot name a file.
  DeviceLock(const std::string& device, Use use, const OnWait& on_wait = {},
             const std::filesystem::path& folder = device_lock_folder());
  DeviceLock(DeviceLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  DeviceLock& operator=(DeviceLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~DeviceLock();

 private:
  int descriptor_ = -1;
};

}  // namespace vitlab::store
