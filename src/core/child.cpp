#include "core/child.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"

namespace vitlab::core {

namespace {

constexpr std::size_t kMostDescriptors = 8;
constexpr int kCannotStart = 127;

/// Between fork and exec: only async-signal-safe calls.
[[noreturn]] void become_child(const ChildStart& start, char* const* words, pid_t parent) {
  if (start.has_own_group) setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kCannotStart);  // the parent died before prctl took hold
  if (start.ignores_interrupts) signal(SIGINT, SIG_IGN);
  // First out of the way: one of ours may be what another becomes, and dup2 onto the same number
  // would leave close-on-exec set.
  std::array<int, kMostDescriptors> copies{};
  const std::size_t count = start.descriptors.size();
  for (std::size_t i = 0; i < count; ++i)
    if (start.descriptors[i] >= 0)
      copies[i] = fcntl(start.descriptors[i], F_DUPFD, kMostDescriptors);
  for (std::size_t i = 0; i < count; ++i) {
    if (start.descriptors[i] == kClosed) close(static_cast<int>(i));
    if (start.descriptors[i] < 0) continue;
    dup2(copies[i], static_cast<int>(i));
    close(copies[i]);
  }
  execvp(words[0], words);
  _exit(kCannotStart);
}

}  // namespace

Pipe open_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw Failure(std::string("cannot make a pipe: ") + std::strerror(errno));
  return {ends[0], ends[1]};
}

pid_t start_child(const ChildStart& start) {
  ensure(start.descriptors.size() <= kMostDescriptors, "a child is given few descriptors");
  signal(SIGPIPE, SIG_IGN);
  std::vector<char*> words;
  for (const std::string& word : start.words) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) become_child(start, words.data(), parent);
  if (child < 0) throw Failure("cannot start " + start.words.front() + ": " + std::strerror(errno));
  return child;
}

int wait_for_child(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void end_child(pid_t child) {
  if (child <= 0) return;
  kill(child, SIGKILL);
  wait_for_child(child);
}

}  // namespace vitlab::core
