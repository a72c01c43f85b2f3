#include "engine/events.h"

#include <cerrno>
#include <chrono>

#include <fcntl.h>
#include <unistd.h>

namespace vitlab::engine {

namespace {

constexpr int kEventDescriptor = 3;

std::int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Events::Events()
    : descriptor_(fcntl(kEventDescriptor, F_GETFD) >= 0 ? kEventDescriptor : STDOUT_FILENO) {}

void Events::send(const messages::Event& event) {
  const std::string line = core::dump_json(messages::event_json(event)) + "\n";
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t count = ::write(descriptor_, line.data() + done, line.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;  // nobody listens any more: the parent is gone and so are we, soon
    done += static_cast<std::size_t>(count);
  }
}

void Events::progress(std::int64_t done, std::int64_t total, const std::string& note) {
  const std::int64_t now = steady_ms();
  if (done < total && now - last_progress_ms_ < 50) return;
  last_progress_ms_ = now;
  send(messages::Progress{done, total, note});
}

}  // namespace vitlab::engine
