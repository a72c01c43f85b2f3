#include "engine/child_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/child.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"

namespace vitlab::engine {

namespace {

constexpr int kPollMs = 100;

/// Waits until `descriptor` is ready, looking for a wish to stop meanwhile.
void wait_for(int descriptor, short events) {
  for (;;) {
    core::check_interrupt();
    pollfd ready{descriptor, events, 0};
    if (poll(&ready, 1, kPollMs) > 0) return;
  }
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& words) : name_(words.front()) {
  const core::Pipe input = core::open_pipe(), output = core::open_pipe();
  errors_ = memfd_create("stderr", MFD_CLOEXEC);
  // The engine's events, descriptor 3, are not for a child: one that held them would outlive them.
  pid_ = core::start_child({.words = words,
                            .descriptors = {input.read, output.write, errors_, core::kClosed},
                            .ignores_interrupts = true});
  close(input.read);
  close(output.write);
  input_ = input.write;
  output_ = output.read;
  fcntl(input_, F_SETFL, O_NONBLOCK);
}

ChildProcess::~ChildProcess() {
  close(input_);
  close(output_);
  close(errors_);
  core::end_child(pid_);
}

void ChildProcess::write(std::string_view bytes) {
  while (!bytes.empty()) {
    wait_for(input_, POLLOUT);
    const ssize_t count = ::write(input_, bytes.data(), bytes.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) fail();
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void ChildProcess::fill() {
  std::array<char, 65536> chunk{};
  wait_for(output_, POLLIN);
  const ssize_t count = ::read(output_, chunk.data(), chunk.size());
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) fail();
  buffer_.append(chunk.data(), static_cast<std::size_t>(count));
}

std::string ChildProcess::read_line() {
  std::size_t end = 0;
  while ((end = buffer_.find('\n')) == std::string::npos) fill();
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return line;
}

std::string ChildProcess::read_bytes(std::size_t count) {
  while (buffer_.size() < count) fill();
  std::string bytes = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return bytes;
}

std::string ChildProcess::last_words() const {
  std::array<char, 4096> tail{};
  const off_t size = lseek(errors_, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(tail.size()));
  const ssize_t count = pread(errors_, tail.data(), tail.size(), from);
  std::string text(tail.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  const std::size_t line = text.rfind('\n');
  return core::printable(line == std::string::npos ? text : text.substr(line + 1));
}

void ChildProcess::fail() {
  constexpr int kTries = 100;
  int status = 0;
  // It has closed its ends and is about to go; one that is not gets no second chance.
  for (int i = 0; waitpid(pid_, &status, WNOHANG) == 0; ++i) {
    if (i == kTries) kill(pid_, SIGTERM);
    usleep(10'000);
  }
  pid_ = -1;
  const std::string words = last_words();
  std::string how = "ended early";
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && words.empty()) how = "cannot be started";
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
    how = "was killed from outside, as Linux does where memory runs out";
  throw core::Failure(name_ + " " + how + (words.empty() ? "" : ": " + words));
}

}  // namespace vitlab::engine
