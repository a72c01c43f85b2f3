// An engine for tests: it does what the script in its request says, line by line. A request of the
// worker pool carries its script as the plan's "hash", one script per worker, parted by "|".
#include <csignal>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/interrupt.h"
#include "core/json.h"

namespace vitlab::schedule {
namespace {

void say(const core::Json& event) {
  const std::string line = core::dump_json(event) + "\n";
  if (write(3, line.data(), line.size()) < 0) _exit(1);
}

std::string part_of(const std::string& script, int number) {
  std::istringstream parts(script);
  std::string part;
  for (int i = 0; i <= number; ++i) std::getline(parts, part, '|');
  return part;
}

int play(const core::Json& request) {
  std::istringstream script(
      request.contains("script")
          ? request.at("script").get<std::string>()
          : part_of(request.at("plan").get<std::string>(), request.at("worker").get<int>()));
  std::string word;
  while (script >> word) {
    std::string argument;
    if (word == "begin" || word == "end") {
      script >> argument;
      say({{"event", "stage_" + word}, {"id", argument}, {"kind", "train"}});
    } else if (word == "progress") {
      say({{"event", "progress"}, {"done", 1}, {"total", 2}, {"note", "half"}});
    } else if (word == "result") {
      say({{"event", "result"}, {"result", {{"request", request}, {"group", getpgrp()}}}});
    } else if (word == "big-result") {
      say({{"event", "result"}, {"result", {{"text", std::string(1 << 20, 'x')}}}});
    } else if (word == "error") {
      script >> argument;
      say({{"event", "error"}, {"kind", argument}, {"message", "because of " + argument}});
    } else if (word == "signal") {
      int number = 0;
      script >> number;
      signal(number, SIG_DFL);
      raise(number);
    } else if (word == "exit") {
      int code = 0;
      script >> code;
      return code;
    } else if (word == "once") {  // the rest is played by the first engine only
      script >> argument;
      const auto folder = request.at("store").get<std::string>() + "/" + argument;
      if (mkdir(folder.c_str(), 0700) != 0) return 0;
    } else if (word == "garbage") {
      const std::string line = "this is no JSON\n";
      if (write(3, line.data(), line.size()) < 0) return 1;
    } else if (word == "wait") {
      while (!core::interrupt_requested()) usleep(1000);
      say({{"event", "error"}, {"kind", "interrupted"}, {"message", "stopped"}});
      return 130;
    }
  }
  return 0;
}

}  // namespace
}  // namespace vitlab::schedule

int main() {
  vitlab::core::install_interrupt_handlers();
  const std::string text(std::istreambuf_iterator<char>(std::cin), {});
  return vitlab::schedule::play(vitlab::core::Json::parse(text));
}
