#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/Event.h>

namespace vitlab::profile {

/// Marks moments in the work of one device and tells the time between them: the steady clock on the
/// CPU, on other devices the time stamps that the device itself takes.
class DeviceClock {
 public:
  explicit DeviceClock(at::Device device) : device_(device) {}

  /// The moment at which all that was asked of the device so far is done; gives its number.
  std::size_t mark();
  /// Waits until the last mark is reached.
  void settle();
  /// Between two marks; settle() first.
  double seconds(std::size_t from, std::size_t to) const;
  /// Starts again with mark 0.
  void clear() { marks_ = 0; }

 private:
  at::Device device_;
  std::size_t marks_ = 0;
  std::vector<std::chrono::steady_clock::time_point> moments_;  // CPU
  std::vector<c10::Event> events_;                              // other devices; used again
};

}  // namespace vitlab::profile
