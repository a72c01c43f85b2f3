#include "engine/requests.h"

#include <fstream>

#include "run_program.h"
#include "test.hpp"

namespace vitlab::engine {
namespace {

struct Served {
  int code = 0;
  messages::Event last;
};

/// What the engine says to a request in the end.
Served serve(const core::Json& request) {
  const TemporaryFolder folder;
  std::ofstream(folder / "request") << request.dump();
  const Ran ran = run_program(
      {"/bin/sh", "-c", VITLAB_BUILD_DIR "/vitlab-engine < request 3> events"}, folder.path());
  INFO(ran.err);
  std::istringstream events(text_of(folder / "events"));
  std::string line, last;
  while (std::getline(events, line)) last = line;
  REQUIRE(!last.empty());
  return {ran.code, messages::event_from_json(core::Json::parse(last))};
}

template <typename Request>
void check_misspelling_is_refused() {
  const std::string key(std::get<0>(Request::fields()).name);
  const Served served =
      serve({{"command", std::string(Request::kWord)}, {key + "e", core::Json::object()}});
  INFO(Request::kWord);
  CHECK(served.code == static_cast<int>(core::ExitCode::kUsage));
  const auto& error = std::get<messages::Error>(served.last);
  CHECK(error.kind == messages::ErrorKind::kUser);
  CHECK(error.message == "request." + key + "e is not known; did you mean '" + key + "'?");
}

template <typename... Requests>
void check_each(std::variant<Requests...>*) {
  (check_misspelling_is_refused<Requests>(), ...);
}

TEST_CASE("a misspelled key of any request ends the engine with exit code 2 and its name") {
  check_each(static_cast<messages::Request*>(nullptr));
}

TEST_CASE("what is no request is refused, a whole one answered") {
  CHECK(std::get<messages::Error>(serve({{"command", "trian"}}).last).message ==
        "request.command must be one of forward, train, profile, measure, sample, similarity, "
        "prune, evaluate, export, doctor, work, got 'trian'; did you mean 'train'?");
  const Served served = serve(messages::request_json(messages::DoctorRequest{}));
  CHECK(served.code == 0);
  const auto& result = std::get<messages::Result>(served.last).result;
  CHECK_FALSE(core::from_json<messages::DoctorAnswer>(result, "answer").environment.device.empty());
}

}  // namespace
}  // namespace vitlab::engine
