#include "core/progress.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/text.h"

namespace vitlab::core {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr auto kRedraw = milliseconds(100);
constexpr auto kPlainLine = seconds(30);

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::size_t terminal_width() {
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

/// "3 s", "2 min 05 s", "1 h 04 min".
std::string duration_text(seconds time) {
  const auto count = std::max<std::int64_t>(0, time.count());
  if (count < 60) return fmt::format("{} s", count);
  if (count < 3600) return fmt::format("{} min {:02} s", count / 60, count % 60);
  return fmt::format("{} h {:02} min", count / 3600, count / 60 % 60);
}

}  // namespace

bool stderr_is_terminal() { return isatty(STDERR_FILENO) == 1; }

bool colour_wanted() {
  if (!environment("NO_COLOR").empty()) return false;
  const std::string_view force = environment("CLICOLOR_FORCE");
  if (!force.empty() && force != "0") return true;
  return stderr_is_terminal() && environment("TERM") != "dumb";
}

Progress::Progress(std::string label, std::int64_t total)
    : label_(std::move(label)),
      total_(total),
      terminal_(stderr_is_terminal() && environment("TERM") != "dumb"),
      start_(steady_clock::now()),
      last_draw_(start_) {}

Progress::~Progress() {
  // Ends the redrawn line, so that the next message or prompt starts on its own.
  if (!finished_ && drawn_ && terminal_) std::fputs("\n", stderr);
}

void Progress::update(std::int64_t done, const std::string& note) {
  if (finished_) return;
  done_ = done;
  const auto now = steady_clock::now();
  const bool due =
      terminal_ ? !drawn_ || now - last_draw_ >= kRedraw : now - last_draw_ >= kPlainLine;
  if (!due) return;
  last_draw_ = now;
  draw(note, false);
}

void Progress::finish(const std::string& note) {
  if (finished_) return;
  draw(note, true);
  finished_ = true;
}

void Progress::draw(const std::string& note, bool last) {
  const auto spent = steady_clock::now() - start_;
  std::string line = label_;
  if (total_ > 0) {
    const double share = static_cast<double>(done_) / static_cast<double>(total_);
    line += fmt::format(" {}/{} ({:.0f} %)", done_, total_, 100.0 * share);
    if (!last && done_ > 0 && done_ < total_) {
      const auto left = duration_cast<seconds>(spent * (1.0 / share - 1.0));
      line += ", " + duration_text(left) + " left";
    }
  } else {
    line += fmt::format(" {}", done_);
  }
  if (last) line += ", took " + duration_text(duration_cast<seconds>(spent));
  if (!note.empty()) line += ": " + note;
  line = printable(line);
  if (terminal_) {
    // One column stays free: a full last column makes some terminals wrap.
    line = "\r" + clipped(line, std::max<std::size_t>(1, terminal_width() - 1)) + "\x1b[K";
  }
  if (last || !terminal_) line += "\n";
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace vitlab::core
