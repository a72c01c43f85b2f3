#include "core/interrupt.h"

#include <csignal>

#include <signal.h>
#include <unistd.h>

#include "core/error.h"

namespace vitlab::core {
namespace {

volatile std::sig_atomic_t stop_signal = 0;
volatile std::sig_atomic_t interrupt_seen = 0;

extern "C" void note_signal(int signal) {
  if (signal == SIGINT) {
    if (interrupt_seen != 0) _exit(static_cast<int>(ExitCode::kInterrupted));
    interrupt_seen = 1;
  }
  stop_signal = signal;
}

const char* signal_name(int signal) {
  if (signal == SIGINT) return "SIGINT (Ctrl-C)";
  return signal == SIGTERM ? "SIGTERM" : "SIGUSR1";
}

}  // namespace

void install_interrupt_handlers() {
  struct sigaction action = {};
  action.sa_handler = note_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;  // libraries that we call do not all repeat an interrupted read
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) {
    ensure(sigaction(signal, &action, nullptr) == 0, "sigaction takes SIGINT, SIGTERM and SIGUSR1");
  }
}

bool interrupt_requested() { return stop_signal != 0; }

void check_interrupt() {
  const int signal = stop_signal;
  if (signal == 0) return;
  throw Interrupted(std::string("stopped by ") + signal_name(signal) +
                    "; what was finished is kept, the same command goes on from there");
}

}  // namespace vitlab::core
