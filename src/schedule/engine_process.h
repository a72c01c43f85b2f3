#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <sys/types.h>

#include "core/error.h"
#include "messages/events.h"
#include "messages/requests.h"

namespace vitlab::schedule {

/// The program that holds LibTorch: vitlab-engine beside the running program. Throws Failure naming
/// the path if it is not there.
std::filesystem::path engine_program();

/// One running vitlab-engine: it reads one request as JSON from its stdin and writes events, one
/// JSON object a line, to descriptor 3; its stderr is ours. It runs in a process group of its own,
/// so that a Ctrl-C reaches it once, from us, and it dies with us.
class EngineProcess {
 public:
  explicit EngineProcess(const messages::Request& request);
  EngineProcess(const EngineProcess&) = delete;
  EngineProcess& operator=(const EngineProcess&) = delete;
  EngineProcess(EngineProcess&& other) noexcept;
  EngineProcess& operator=(EngineProcess&& other) noexcept;
  /// Kills the engine if it still runs.
  ~EngineProcess();

  /// The descriptor to poll for events.
  int event_descriptor() const { return events_; }
  /// Reads what is there; false once the engine has closed its end.
  bool read_available();
  /// The next whole event that was read; throws Failure for what is no event.
  std::optional<messages::Event> take_event();

  void send_signal(int signal) const;
  /// Waits for the end: the exit status, or minus the signal that killed it.
  int wait();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int events_ = -1;
  std::string buffer_;
};

/// What a request says until its answer: progress, notes and, of some, more.
using OnEvent = std::function<void(const messages::Event&)>;

/// Runs one request to its end and gives the answer as JSON. Errors of the engine are thrown here
/// as what they were there (UserError, CapabilityError, Failure, Interrupted); an engine that died
/// is a Failure that names the signal. Ctrl-C is passed on once and its answer awaited.
core::Json run_request(const messages::Request& request, const OnEvent& on_event = {});

/// The answer to a request as the request names it.
template <typename Request>
typename Request::Answer answer_of(const core::Json& answer) {
  try {
    return core::from_json<typename Request::Answer>(answer, "answer");
  } catch (const core::UserError& error) {
    throw core::Failure("vitlab-engine is not of this build: " + std::string(error.what()));
  }
}

/// Throws what an engine's error was there.
[[noreturn]] void throw_engine_error(const messages::Error& error);

/// "exit code 3" or "signal 9 (Killed)".
std::string describe_exit(int status);

}  // namespace vitlab::schedule
