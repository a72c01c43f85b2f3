#include "schedule/worker_pool.h"

#include <map>
#include <set>

#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/interrupt.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::schedule {
namespace {

std::string stage_id(const std::string& name) { return core::identity(name); }

PhaseRequest phase(const std::string& script, int workers = 1) {
  PhaseRequest request;
  request.plan = script;  // the fake engine plays it
  request.workers = workers;
  request.run = "run";
  return request;
}

TEST_CASE("every worker plays its part and its events carry its number") {
  const TemporaryFolder folder;
  const store::Store store = store::Store::open_or_create(folder / "store");
  std::map<int, std::set<std::string>> seen;
  run_phase(store, phase("begin a end a result|begin b end b result", 2),
            [&](int worker, const messages::Event& event) {
              if (const auto* begun = std::get_if<messages::StageBegin>(&event))
                seen[worker].insert(begun->id);
            });
  CHECK(seen == std::map<int, std::set<std::string>>{{0, {"a"}}, {1, {"b"}}});
}

TEST_CASE("an engine that dies costs its stage an attempt, with the signal, and is replaced") {
  const TemporaryFolder folder;
  const store::Store store = store::Store::open_or_create(folder / "store");
  const std::string id = stage_id("stage");
  int begun = 0;
  run_phase(store, phase("once died begin " + id + " signal 11"),
            [&](int, const messages::Event& event) {
              begun += std::holds_alternative<messages::StageBegin>(event);
            });
  CHECK(begun == 1);
  const store::StageAttempts attempts = store.read_attempts(id);
  REQUIRE(attempts.records.size() == 1);
  CHECK(attempts.records[0].state == store::StageState::kLost);
  CHECK(attempts.records[0].kind == "train");
  CHECK_THAT(attempts.records[0].reason, Catch::Contains("signal 11 (Segmentation fault)"));
  CHECK(attempts.records[0].provenance.run == "run");
}

TEST_CASE("a kill from outside says that memory may have been short") {
  const TemporaryFolder folder;
  const store::Store store = store::Store::open_or_create(folder / "store");
  const std::string id = stage_id("stage");
  run_phase(store, phase("once died begin " + id + " signal 9"), {});
  CHECK_THAT(store.read_attempts(id).records.at(0).reason, Catch::Contains("memory"));
}

TEST_CASE("an engine that dies between stages is replaced and nothing is recorded") {
  const TemporaryFolder folder;
  const store::Store store = store::Store::open_or_create(folder / "store");
  const std::string id = stage_id("stage");
  run_phase(store, phase("once died begin " + id + " end " + id + " signal 9"), {});
  CHECK(store.stages().empty());
}

TEST_CASE("engines that keep dying end the phase with a failure that says how") {
  const TemporaryFolder folder;
  const store::Store store = store::Store::open_or_create(folder / "store");
  CHECK_THROWS_AS(run_phase(store, phase("signal 11"), {}), core::Failure);
  CHECK_THROWS_WITH(run_phase(store, phase("signal 11"), {}), Catch::Contains("signal 11"));
  CHECK_THROWS_WITH(run_phase(store, phase("exit 9"), {}), Catch::Contains("exit code 9"));
}

TEST_CASE("an error that no other engine would escape stops all and is thrown as what it was") {
  const TemporaryFolder folder;
  const store::Store store = store::Store::open_or_create(folder / "store");
  CHECK_THROWS_AS(run_phase(store, phase("error failure exit 1|wait", 2), {}), core::Failure);
  CHECK_THROWS_AS(run_phase(store, phase("error user exit 2|wait", 2), {}), core::UserError);
}

TEST_CASE("Ctrl-C stops every engine and says that the same command resumes") {
  const TemporaryFolder folder;
  const store::Store store = store::Store::open_or_create(folder / "store");
  const pid_t child = fork();
  if (child == 0) {
    core::install_interrupt_handlers();
    try {
      run_phase(store, phase("progress wait|progress wait", 2), [](int, const messages::Event&) {
        if (!core::interrupt_requested()) raise(SIGINT);
      });
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
