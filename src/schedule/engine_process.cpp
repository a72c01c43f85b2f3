#include "schedule/engine_process.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "core/child.h"
#include "core/error.h"
#include "core/files.h"
#include "core/interrupt.h"
#include "core/text.h"

namespace vitlab::schedule {

namespace {

constexpr int kEventDescriptor = 3;

void write_all(int descriptor, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::write(descriptor, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;  // the engine died: wait() says how
    done += static_cast<std::size_t>(count);
  }
}

}  // namespace

std::filesystem::path engine_program() {
  std::filesystem::path path = core::program_folder() / "vitlab-engine";
  if (!std::filesystem::exists(path))
    throw core::Failure(path.string() +
                        " is missing: build the target vitlab-engine beside vitlab");
  return path;
}

EngineProcess::EngineProcess(const messages::Request& request) {
  const core::Pipe asked = core::open_pipe(), told = core::open_pipe();
  static_assert(kEventDescriptor == 3, "the last of the descriptors below");
  const core::ChildStart start{
      .words = {engine_program().string()},
      .descriptors = {asked.read, core::kInherited, core::kInherited, told.write},
      .has_own_group = true};
  pid_ = core::start_child(start);
  close(asked.read);
  close(told.write);
  events_ = told.read;
  fcntl(events_, F_SETFL, O_NONBLOCK);
  write_all(asked.write, core::dump_json(messages::request_json(request)) + "\n");
  close(asked.write);
}

EngineProcess::EngineProcess(EngineProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      events_(std::exchange(other.events_, -1)),
      buffer_(std::move(other.buffer_)) {}

EngineProcess& EngineProcess::operator=(EngineProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(events_, other.events_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

EngineProcess::~EngineProcess() {
  if (events_ >= 0) close(events_);
  core::end_child(pid_);
}

bool EngineProcess::read_available() {
  std::array<char, 65536> chunk{};
  for (;;) {
    const ssize_t count = ::read(events_, chunk.data(), chunk.size());
    if (count > 0) {
      buffer_.append(chunk.data(), static_cast<std::size_t>(count));
      continue;
    }
    if (count == 0) return false;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK;
  }
}

std::optional<messages::Event> EngineProcess::take_event() {
  const std::size_t end = buffer_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  const std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  try {
    return messages::event_from_json(core::Json::parse(line, nullptr, false));
  } catch (const core::UserError& error) {
    throw core::Failure("vitlab-engine wrote something that is no event: " +
                        core::quoted_clip(line) + " (" + error.what() + ")");
  }
}

void EngineProcess::send_signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

int EngineProcess::wait() { return core::wait_for_child(std::exchange(pid_, -1)); }

std::string describe_exit(int status) {
  if (status >= 0) return "exit code " + std::to_string(status);
  return "signal " + std::to_string(-status) + " (" + strsignal(-status) + ")";
}

void throw_engine_error(const messages::Error& error) {
  switch (error.kind) {
    case messages::ErrorKind::kUser:
      throw core::UserError(error.message);
    case messages::ErrorKind::kCapability:
      throw core::CapabilityError(error.message);
    case messages::ErrorKind::kInterrupted:
      throw core::Interrupted(error.message);
    case messages::ErrorKind::kFailure:
      throw core::Failure(error.message);
    case messages::ErrorKind::kInternal:
      break;
  }
  throw core::Failure("internal error in the engine: " + error.message);
}

core::Json run_request(const messages::Request& request, const OnEvent& on_event) {
  EngineProcess engine(request);
  std::optional<core::Json> result;
  std::optional<messages::Error> error;
  bool open = true, signalled = false;
  while (open) {
    pollfd ready{engine.event_descriptor(), POLLIN, 0};
    poll(&ready, 1, 100);
    if (core::interrupt_requested() && !signalled) {
      engine.send_signal(SIGINT);
      signalled = true;
    }
    open = engine.read_available();
    while (auto event = engine.take_event()) {
      if (auto* end = std::get_if<messages::Result>(&*event))
        result = std::move(end->result);
      else if (auto* problem = std::get_if<messages::Error>(&*event))
        error = std::move(*problem);
      else if (on_event)
        on_event(*event);
    }
  }
  const int status = engine.wait();
  if (error) throw_engine_error(*error);
  // An interrupt may reach an engine before it listens.
  if (!result && core::interrupt_requested() && status == -SIGINT)
    throw core::Interrupted("stopped by an interrupt");
  if (!result) throw core::Failure("the engine ended without a result: " + describe_exit(status));
  return std::move(*result);
}

}  // namespace vitlab::schedule
