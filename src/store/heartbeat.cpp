#include "store/heartbeat.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "core/error.h"

namespace vitlab::store {
namespace {

bool write_count(int descriptor, std::uint64_t count) {
  return ::pwrite(descriptor, &count, sizeof(count), 0) == sizeof(count);
}

}  // namespace

Heartbeat::Heartbeat(std::chrono::milliseconds period)
    : period_(period), thread_([this](const std::stop_token& stop) { beat_until(stop); }) {}

Heartbeat::~Heartbeat() {
  thread_.request_stop();
  thread_.join();
  for (const auto& [file, beating] : files_) ::close(beating.descriptor);
}

void Heartbeat::start(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0 || !write_count(descriptor, 1)) {
    const int error = errno;
    if (descriptor >= 0) ::close(descriptor);
    throw core::Failure(fmt::format("{}: cannot write: {}", file.string(), std::strerror(error)));
  }
  const std::lock_guard lock(mutex_);
  files_[file] = {.descriptor = descriptor, .count = 1};
}

void Heartbeat::stop(const std::filesystem::path& file) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(file);
  if (found == files_.end()) return;
  ::close(found->second.descriptor);
  files_.erase(found);
  ::unlink(file.c_str());
}

void Heartbeat::beat_until(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, stop, period_, [&] { return stop.stop_requested(); })) {
    for (auto& [file, beating] : files_) write_count(beating.descriptor, ++beating.count);
  }
}

}  // namespace vitlab::store
