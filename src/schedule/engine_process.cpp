#include "schedule/engine_process.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/files.h"
#include "core/interrupt.h"
#include "core/text.h"

namespace vitlab::schedule {

namespace {

constexpr int kEventDescriptor = 3;

struct Pipe {
  int read = -1;
  int write = -1;
};

Pipe open_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw core::Failure(std::string("cannot make a pipe: ") + std::strerror(errno));
  return {ends[0], ends[1]};
}

/// Between fork and exec: only async-signal-safe calls.
[[noreturn]] void become_engine(const char* program, const Pipe& request, const Pipe& events,
                                pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // the parent died before prctl took hold
  // dup2 onto the same number would leave close-on-exec set; the request's ends are above 3 or the
  // order below frees 3 first.
  const int events_copy = fcntl(events.write, F_DUPFD, 10);
  const int request_copy = fcntl(request.read, F_DUPFD, 10);
  dup2(request_copy, STDIN_FILENO);
  dup2(events_copy, kEventDescriptor);
  close(events_copy);
  close(request_copy);
  const char* const arguments[] = {program, nullptr};
  execv(program, const_cast<char* const*>(arguments));
  _exit(127);
}

void write_all(int descriptor, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::write(descriptor, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;  // the engine died: wait() says how
    done += static_cast<std::size_t>(count);
  }
}

/// Engines that die before they read the request must not kill us.
void ignore_broken_pipes() {
  static const bool ignored = [] {
    signal(SIGPIPE, SIG_IGN);
    return true;
  }();
  (void)ignored;
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
  ignore_broken_pipes();
  const std::string program = engine_program().string();
  const Pipe request_pipe = open_pipe();
  const Pipe event_pipe = open_pipe();
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become_engine(program.c_str(), request_pipe, event_pipe, parent);
  close(request_pipe.read);
  close(event_pipe.write);
  events_ = event_pipe.read;
  if (pid_ < 0) {
    close(request_pipe.write);
    throw core::Failure(std::string("cannot start vitlab-engine: ") + std::strerror(errno));
  }
  fcntl(events_, F_SETFL, O_NONBLOCK);
  write_all(request_pipe.write, core::dump_json(messages::request_json(request)) + "\n");
  close(request_pipe.write);
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
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
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

int EngineProcess::wait() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

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
