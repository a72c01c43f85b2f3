#include "core/progress.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/text.h"
#include "test.hpp"

using namespace vitlab;
using namespace vitlab::core;
using Catch::Contains;

namespace {

/// Sends stderr into a pipe or a pseudo-terminal of `columns` and gives back what was written.
class CapturedStderr {
 public:
  explicit CapturedStderr(std::size_t columns = 0) : saved_(dup(STDERR_FILENO)) {
    int inner = -1;
    if (columns == 0) {
      int ends[2];
      REQUIRE(pipe(ends) == 0);
      reader_ = ends[0];
      inner = ends[1];
    } else {
      reader_ = posix_openpt(O_RDWR | O_NOCTTY);
      REQUIRE(reader_ >= 0);
      REQUIRE(grantpt(reader_) == 0);
      REQUIRE(unlockpt(reader_) == 0);
      inner = open(ptsname(reader_), O_RDWR | O_NOCTTY);
      REQUIRE(inner >= 0);
      const winsize size = {24, static_cast<unsigned short>(columns), 0, 0};
      ioctl(inner, TIOCSWINSZ, &size);
    }
    dup2(inner, STDERR_FILENO);
    close(inner);
  }
  ~CapturedStderr() {
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    close(reader_);
  }
  std::string text() {
    std::fflush(stderr);
    std::string out;
    pollfd waiting = {reader_, POLLIN, 0};
    char buffer[4096];
    while (poll(&waiting, 1, 0) == 1 && (waiting.revents & POLLIN) != 0) {
      const ssize_t got = read(reader_, buffer, sizeof buffer);
      if (got <= 0) break;
      out.append(buffer, static_cast<std::size_t>(got));
    }
    return out;
  }

 private:
  int saved_;
  int reader_ = -1;
};

/// Sets an environment variable for one test.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old, had_ = true;
    if (value != nullptr) setenv(name, value, 1);
    if (value == nullptr) unsetenv(name);
  }
  ~Environment() {
    if (had_) setenv(name_, old_.c_str(), 1);
    if (!had_) unsetenv(name_);
  }

 private:
  const char* name_;
  std::string old_;
  bool had_ = false;
};

}  // namespace

TEST_CASE("without a terminal, progress is one plain line at the end") {
  CapturedStderr captured;
  {
    Progress progress("trials", 200);
    for (int i = 0; i <= 200; ++i) progress.update(i, "noise");
    progress.finish("3 failed");
    progress.update(1);
    progress.finish();
  }
  const std::string text = captured.text();
  CHECK_THAT(text, Catch::StartsWith("trials 200/200 (100 %), took 0 s: 3 failed\n"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK_THAT(text, !Contains("\x1b") && !Contains("\r"));
}

TEST_CASE("on a terminal, one line is redrawn, not at every update, and never wraps") {
  const Environment term("TERM", "xterm");
  for (const std::size_t columns : {2, 10, 40, 200}) {
    CapturedStderr captured(columns);
    {
      Progress progress("train größe", 1'000'000);
      for (int i = 0; i <= 20'000; ++i) progress.update(i, "epoch 4/20 \x1b[2J and a long note");
      progress.finish();
    }
    std::string text = captured.text();
    CHECK(text.size() < 20'000);
    CHECK_THAT(text, !Contains("\x1b[2J"));
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    for (std::size_t at = text.find("\x1b[K"); at != std::string::npos; at = text.find("\x1b[K")) {
      text.erase(at, 3);
    }
    std::istringstream frames(text);
    int drawn = 0;
    for (std::string frame; std::getline(frames, frame, '\r');) {
      if (frame == "\n" || frame.empty()) continue;
      CHECK(display_width(frame) < columns);
      ++drawn;
    }
    CHECK(drawn >= 2);
  }
}

TEST_CASE("progress that is dropped unfinished ends its line on a terminal") {
  const Environment term("TERM", "xterm");
  CapturedStderr captured(80);
  { Progress("unused", 3); }
  CHECK(captured.text().empty());
  {
    Progress progress("dropped", 0);
    progress.update(17);
  }
  CHECK_THAT(captured.text(), Contains("dropped 17") && Catch::EndsWith("\n"));
}

TEST_CASE("a dumb terminal gets plain lines") {
  const Environment term("TERM", "dumb");
  CapturedStderr captured(80);
  Progress progress("trials", 2);
  progress.update(1);
  progress.finish();
  CHECK_THAT(captured.text(), !Contains("\x1b"));
}

TEST_CASE("colour follows the terminal, NO_COLOR, CLICOLOR_FORCE and TERM") {
  const Environment term("TERM", "xterm");
  const Environment no_colour("NO_COLOR", nullptr);
  const Environment force("CLICOLOR_FORCE", nullptr);
  {
    CapturedStderr captured;
    CHECK_FALSE(stderr_is_terminal());
    CHECK_FALSE(colour_wanted());
    const Environment forced("CLICOLOR_FORCE", "1");
    CHECK(colour_wanted());
    const Environment off("CLICOLOR_FORCE", "0");
    CHECK_FALSE(colour_wanted());
  }
  CapturedStderr captured(80);
  CHECK(stderr_is_terminal());
  CHECK(colour_wanted());
  {
    const Environment dumb("TERM", "dumb");
    CHECK_FALSE(colour_wanted());
  }
  const Environment forced("CLICOLOR_FORCE", "1");
  const Environment off("NO_COLOR", "1");
  CHECK_FALSE(colour_wanted());
}
