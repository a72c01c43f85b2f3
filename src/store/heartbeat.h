#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

namespace vitlab::store {

/// One thread that rewrites small counter files, so that others can see that this process goes on.
/// A beat that cannot be written is passed over: the next one may succeed, and a claim that is
/// lost for lack of beats costs a repetition, no result.
class Heartbeat {
 public:
  explicit Heartbeat(std::chrono::milliseconds period);
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;
  ~Heartbeat();

  /// Makes the file with a first beat and keeps it beating; throws Failure.
  void start(const std::filesystem::path& file);
  /// Stops and removes the file; never throws.
  void stop(const std::filesystem::path& file) noexcept;

 private:
  struct Beating {
    int descriptor = -1;
    std::uint64_t count = 0;
  };

  void beat_until(const std::stop_token& stop);

  std::chrono::milliseconds period_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<std::filesystem::path, Beating> files_;
  std::jthread thread_;  // last: it uses everything above
};

}  // namespace vitlab::store
