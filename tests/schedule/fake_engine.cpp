// An engine for tests: it does what the script in its request says, word by word. Its request is
// that of a worker, whose script stands for the plan's hash, one script per worker, parted by "|".
#include <csignal>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/interrupt.h"
#include "messages/events.h"
#include "messages/requests.h"

namespace vitlab::schedule {
namespace {

void say(const std::string& text) {
  const std::string line = text + "\n";
  if (write(3, line.data(), line.size()) < 0) _exit(1);
}
void say(const messages::Event& event) { say(core::dump_json(messages::event_json(event))); }

messages::Error because_of(messages::ErrorKind kind) {
  return {kind, "because of " + std::string(core::word_of(kind))};
}

std::string part_of(const std::string& script, int number) {
  std::istringstream parts(script);
  std::string part;
  for (int i = 0; i <= number; ++i) std::getline(parts, part, '|');
  return part;
}

int play(const messages::WorkRequest& request) {
  std::istringstream script(part_of(request.plan, request.worker));
  std::string word;
  while (script >> word) {
    std::string argument;
    if (word == "begin") {
      script >> argument;
      say(messages::StageBegin{{argument, "train", "", {}}});
    } else if (word == "end") {
      script >> argument;
      say(messages::StageEnd{{argument, "train", "", {}}, "done", "", 0});
    } else if (word == "progress") {
      say(messages::Progress{1, 2, "half"});
    } else if (word == "result") {
      say(messages::Result{{{"request", messages::request_json(request)}, {"group", getpgrp()}}});
    } else if (word == "big-result") {
      say(messages::Result{{{"text", std::string(1 << 20, 'x')}}});
    } else if (word == "error") {
      script >> argument;
      say(because_of(core::read_choice<messages::ErrorKind>(argument, "error")));
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
      if (mkdir((request.store / argument).c_str(), 0700) != 0) return 0;
    } else if (word == "garbage") {
      say("this is no JSON");
    } else if (word == "misspelled") {
      say(R"({"event": "note", "notee": "x"})");
    } else if (word == "wait") {
      while (!core::interrupt_requested()) usleep(1000);
      say(messages::Error{messages::ErrorKind::kInterrupted, "stopped"});
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
  return vitlab::schedule::play(std::get<vitlab::messages::WorkRequest>(
      vitlab::messages::request_from_json(vitlab::core::Json::parse(text))));
}
