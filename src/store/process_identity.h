#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/json_fields.h"

namespace vitlab::store {

/// Which process on which machine; enough to tell later whether it still lives, even if its number
/// was given to another process since.
struct ProcessIdentity {
  std::string host;
  std::string boot_id;        // empty where /proc does not tell
  std::string pid_namespace;  // two containers may share host name and boot
  std::int64_t pid = 0;
  std::int64_t start_ticks = 0;  // since boot, field 22 of /proc/PID/stat

  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
  static constexpr auto fields() {
    return std::tuple{core::required("host", &ProcessIdentity::host),
                      core::required("boot_id", &ProcessIdentity::boot_id),
                      core::required("pid_namespace", &ProcessIdentity::pid_namespace),
                      core::required("pid", &ProcessIdentity::pid),
                      core::required("start_ticks", &ProcessIdentity::start_ticks)};
  }
};

/// The calling process.
ProcessIdentity this_process();

enum class Liveness { kAlive, kDead, kUnknown };

/// Whether the process still runs; kUnknown unless host, boot and pid namespace are our own.
/// A zombie counts as dead.
Liveness liveness(const ProcessIdentity& process);

/// 16 random hexadecimal characters.
std::string new_nonce();

/// A fresh name part "machine-pid-start-nonce" for temporaries, from which writer_liveness() can
/// tell whether their writer still lives. Characters: [0-9a-f-].
std::string new_writer_tag();

/// kUnknown also for text that is no writer tag.
Liveness writer_liveness(std::string_view tag);

}  // namespace vitlab::store
