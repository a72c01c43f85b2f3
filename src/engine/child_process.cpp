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
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"

namespace vitlab::engine {

namespace {

constexpr int kFirstOwnDescriptor = 3;
constexpr int kPollMs = 100;

std::array<int, 2> child_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw core::Failure(std::string("cannot make a pipe: ") + std::strerror(errno));
  return ends;
}

/// Between fork and exec: only async-signal-safe calls.
[[noreturn]] void become_child(char* const* words, int input, int output, int errors,
                               pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // the parent died before prctl took hold
  signal(SIGINT, SIG_IGN);              // the parent decides when the child ends
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  close(kFirstOwnDescriptor);  // the engine's events: a child that held them would outlive them
  execvp(words[0], words);
  _exit(127);
}

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
  signal(SIGPIPE, SIG_IGN);  // a child that dies is told by write()'s error
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const std::array<int, 2> input = child_pipe(), output = child_pipe();
  errors_ = memfd_create("stderr", MFD_CLOEXEC);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become_child(arguments.data(), input[0], output[1], errors_, parent);
  close(input[0]);
  close(output[1]);
  input_ = input[1];
  output_ = output[0];
  fcntl(input_, F_SETFL, O_NONBLOCK);
}

ChildProcess::~ChildProcess() {
  close(input_);
  close(output_);
  close(errors_);
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
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
