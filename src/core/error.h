#pragma once

#include <stdexcept>
#include <string>

namespace vitlab::core {

/// A mistake the user can repair (words, config, input file); the message says where, what, and the
/// remedy. Exit code 2.
class UserError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Something this machine or build lacks (CUDA, a library); the message says how to get it. Exit 5.
class CapabilityError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The outside world failed (I/O, a dead engine); the message names the path and the cause. Exit 1.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Ctrl-C or SIGTERM was obeyed; what was finished is kept and the same command resumes. Exit 130.
class Interrupted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Exit codes of both programs.
enum class ExitCode : int {
  kDone = 0,
  kFailure = 1,
  kUsage = 2,
  kSomeFailed = 3,
  kGateFailed = 4,
  kMissingCapability = 5,
  kInterrupted = 130,
};

/// Stops on a broken promise between two parts of vitlab; never used on user input.
inline void ensure(bool holds, const char* promise, const char* file = __builtin_FILE(),
                   int line = __builtin_LINE()) {
  if (holds) return;
  throw std::logic_error(std::string(file) + ":" + std::to_string(line) +
                         ": broken promise: " + promise);
}

}  // namespace vitlab::core
