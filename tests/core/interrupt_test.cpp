#include "core/interrupt.h"

#include <csignal>
#include <functional>

#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "test.hpp"

using namespace vitlab;
using namespace vitlab::core;

namespace {

/// The exit status of `body` in a process of its own, where signals may be raised.
int exit_code_of(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

TEST_CASE("each signal asks to stop and check_interrupt obeys") {
  CHECK_FALSE(interrupt_requested());
  CHECK_NOTHROW(check_interrupt());
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) {
    CHECK(exit_code_of([signal] {
            install_interrupt_handlers();
            if (interrupt_requested()) return 1;
            raise(signal);
            if (!interrupt_requested()) return 2;
            try {
              check_interrupt();
            } catch (const Interrupted&) {
              return 42;
            }
            return 3;
          }) == 42);
  }
}

TEST_CASE("the second Ctrl-C ends the program at once with 130") {
  CHECK(exit_code_of([] {
          install_interrupt_handlers();
          raise(SIGTERM);
          raise(SIGTERM);
          raise(SIGINT);
          raise(SIGINT);
          return 1;
        }) == 130);
}

TEST_CASE("repeated SIGTERM and one Ctrl-C only ask") {
  CHECK(exit_code_of([] {
          install_interrupt_handlers();
          raise(SIGTERM);
          raise(SIGUSR1);
          raise(SIGTERM);
          raise(SIGINT);
          return 0;
        }) == 0);
}
