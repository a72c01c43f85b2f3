#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace vitlab::core {

bool stderr_is_terminal();
/// Whether stderr may be coloured: NO_COLOR, then CLICOLOR_FORCE, then a terminal other than dumb.
bool colour_wanted();

/// Progress of k of n on stderr: on a terminal one line redrawn at most 10 times a second, else one
/// plain line every 30 s and one at the end. Never on stdout; lines never wrap. For one thread.
class Progress {
 public:
  Progress(std::string label, std::int64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `note` says what is going on now ("train 3f2a… epoch 4/20").
  void update(std::int64_t done, const std::string& note = "");
  void finish(const std::string& note = "");

 private:
  void draw(const std::string& note, bool last);

  std::string label_;
  std::int64_t total_;
  std::int64_t done_ = 0;
  bool terminal_;
  bool finished_ = false;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_draw_;
};

}  // namespace vitlab::core
