#include "schedule/engine_process.h"

#include <csignal>
#include <filesystem>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/interrupt.h"
#include "test.hpp"

namespace vitlab::schedule {
namespace {

/// A request that the fake engine plays.
messages::WorkRequest scripted(const std::string& script) {
  messages::WorkRequest request;
  request.plan = script;
  return request;
}

std::string failure_of(const std::string& script) {
  try {
    run_request(scripted(script));
  } catch (const core::Failure& error) {
    return error.what();
  }
  return "(no Failure)";
}

int open_descriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++count;
  return count;
}

TEST_CASE("a request goes to the engine and its result comes back, with events in between") {
  messages::WorkRequest request = scripted("progress progress result");
  request.run = "ünïcode \" \n" + std::string(200'000, 'y');  // more than a pipe holds
  int events = 0;
  const core::Json result = run_request(request, [&](const messages::Event& event) {
    CHECK(std::get<messages::Progress>(event).note == "half");
    ++events;
  });
  CHECK(events == 2);
  CHECK(result.at("request") == messages::request_json(request));
}

TEST_CASE("an answer that is not the request's is a failure") {
  const core::Json answer = run_request(scripted("result"));
  CHECK_THROWS_AS(answer_of<messages::WorkRequest>(answer), core::Failure);
  CHECK_THROWS_WITH(answer_of<messages::WorkRequest>(answer),
                    Catch::Contains("answer.request is not known"));
}

TEST_CASE("a long result arrives whole") {
  CHECK(run_request(scripted("big-result")).at("text").get<std::string>().size() == 1 << 20);
}

TEST_CASE("an engine has a process group of its own, so that a Ctrl-C reaches it once") {
  CHECK(run_request(scripted("result")).at("group").get<int>() != getpgrp());
}

TEST_CASE("errors of the engine are thrown as what they were there") {
  CHECK_THROWS_AS(run_request(scripted("error user")), core::UserError);
  CHECK_THROWS_AS(run_request(scripted("error capability")), core::CapabilityError);
  CHECK_THROWS_AS(run_request(scripted("error interrupted")), core::Interrupted);
  CHECK_THROWS_AS(run_request(scripted("error failure")), core::Failure);
  CHECK_THROWS_WITH(run_request(scripted("error user exit 2")), "because of user");
  CHECK(failure_of("error internal exit 1") == "internal error in the engine: because of internal");
  // An error outweighs a result that came before it.
  CHECK_THROWS_AS(run_request(scripted("result error user")), core::UserError);
}

TEST_CASE("an engine that dies is a failure that names the signal") {
  CHECK_THAT(failure_of("progress signal 11"), Catch::Contains("signal 11 (Segmentation fault)"));
  CHECK_THAT(failure_of("signal 9"), Catch::Contains("signal 9 (Killed)"));
  CHECK_THAT(failure_of("signal 6"), Catch::Contains("signal 6 (Aborted)"));
}

TEST_CASE("an engine that ends without a result is a failure that names its exit code") {
  CHECK_THAT(failure_of("exit 7"), Catch::Contains("exit code 7"));
  CHECK_THAT(failure_of("exit 0"), Catch::Contains("without a result"));
}

TEST_CASE("what is no event is a failure, not a crash") {
  CHECK_THAT(failure_of("garbage result"), Catch::Contains("vitlab-engine"));
  CHECK_THAT(failure_of("misspelled result"),
             Catch::Contains("event.notee is not known; did you mean 'note'?"));
}

TEST_CASE("an engine that is given up dies at once") {
  pid_t pid = 0;
  {
    EngineProcess engine(scripted("wait"));
    pid = engine.pid();
    CHECK(kill(pid, 0) == 0);
  }
  CHECK(kill(pid, 0) != 0);
}

TEST_CASE("an engine dies with the program that started it") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t parent = fork();
  if (parent == 0) {
    EngineProcess engine(scripted("wait"));
    const pid_t pid = engine.pid();
    if (write(ends[1], &pid, sizeof pid) != sizeof pid) _exit(1);
    raise(SIGKILL);
  }
  pid_t engine = 0;
  REQUIRE(read(ends[0], &engine, sizeof engine) == sizeof engine);
  waitpid(parent, nullptr, 0);
  // Its new parent may be slow to reap it; a zombie is dead all the same.
  for (int i = 0; i < 500 && std::filesystem::exists("/proc/" + std::to_string(engine) + "/exe");
       ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK_FALSE(std::filesystem::exists("/proc/" + std::to_string(engine) + "/exe"));
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("engines leave no descriptors behind") {
  const int before = open_descriptors();
  for (int i = 0; i < 5; ++i) {
    run_request(scripted("result"));
    failure_of("signal 9");
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("Ctrl-C is passed on and the engine's answer awaited") {
  const pid_t child = fork();
  if (child == 0) {
    core::install_interrupt_handlers();
    try {
      run_request(scripted("progress wait"), [](const messages::Event&) { raise(SIGINT); });
    } catch (const core::Interrupted&) {
      _exit(42);
    } catch (...) {
      _exit(1);
    }
    _exit(2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 42);
}

}  // namespace
}  // namespace vitlab::schedule
