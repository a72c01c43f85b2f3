#pragma once

#include <cstdint>
#include <string>

#include "messages/events.h"

namespace vitlab::engine {

/// What the engine says to the program that started it: one JSON object a line on descriptor 3 (on
/// stdout when it was started by hand). Lines are written whole; safe from several threads.
class Events {
 public:
  Events();

  void send(const messages::Event& event);
  /// At most 20 a second but for the last.
  void progress(std::int64_t done, std::int64_t total, const std::string& note);

 private:
  int descriptor_;
  std::int64_t last_progress_ms_ = 0;
};

}  // namespace vitlab::engine
