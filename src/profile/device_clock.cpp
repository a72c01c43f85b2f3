#include "profile/device_clock.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include "core/error.h"

namespace vitlab::profile {

std::size_t DeviceClock::mark() {
  if (device_.is_cpu()) {
    if (marks_ == moments_.size()) moments_.emplace_back();
    moments_[marks_] = std::chrono::steady_clock::now();
    return marks_++;
  }
  // The default of LibTorch's own events is to carry no time.
  if (marks_ == events_.size())
    events_.emplace_back(device_.type(), c10::EventFlag::BACKEND_DEFAULT);
  events_[marks_].record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
  return marks_++;
}

void DeviceClock::settle() {
  if (!device_.is_cpu() && marks_ > 0) events_[marks_ - 1].synchronize();
}

double DeviceClock::seconds(std::size_t from, std::size_t to) const {
  core::ensure(from <= to && to < marks_, "time is told between marks in their order");
  if (device_.is_cpu()) return std::chrono::duration<double>(moments_[to] - moments_[from]).count();
  return events_[from].elapsedTime(events_[to]) / 1e3;
}

}  // namespace vitlab::profile
