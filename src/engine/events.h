#pragma once

#include <cstdint>
#include <string>

#include "core/json.h"

namespace vitlab::engine {

/// What the engine says to the program that started it: one JSON object a line on descriptor 3 (on
/// stdout when it was started by hand). Lines are written whole; safe from several threads.
class Events {
 public:
  Events();

  void send(const core::Json& event);
  /// {"event": "progress", "done", "total", "note"}, at most 20 a second but for the last.
  void progress(std::int64_t done, std::int64_t total, const std::string& note);
  void result(core::Json payload);
  /// `kind`: user, capability, failure, interrupted, internal.
  void error(const std::string& kind, const std::string& message);

 private:
  int descriptor_;
  std::int64_t last_progress_ms_ = 0;
};

}  // namespace vitlab::engine
