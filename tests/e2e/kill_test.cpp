#include <algorithm>

#include "core/random.h"
#include "lab.h"
#include "store/fsck.h"

namespace vitlab {
namespace {

void sleep_ms(std::uint64_t milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

bool is_alive(pid_t pid) {
  return std::filesystem::exists("/proc/" + std::to_string(pid) + "/exe");
}

/// What must hold of a store once a sweep was finished, however often it was killed.
void check_whole(const std::filesystem::path& folder) {
  const store::Store store = store::Store::open(folder);
  CHECK(store.stages().size() == Lab::kStages);
  for (const std::string& id : store.stages()) {
    const store::StageAttempts attempts = store.read_attempts(id);
    INFO(id);
    CHECK(attempts.problems.empty());
    CHECK(std::count_if(
              attempts.records.begin(), attempts.records.end(),
              [](const store::StageRecord& record) { return store::is_final(record.state); }) == 1);
    REQUIRE(attempts.winner() != nullptr);
    CHECK(attempts.winner()->state == store::StageState::kDone);
  }
  CHECK(untimed_rows(folder) == untimed_rows(finished_sweep().store));
  store::fsck(store,
              store::FsckAction::kRepair);  // what a kill leaves behind is swept, and nothing else
  CHECK(store::fsck(store, store::FsckAction::kReport).is_clean());
  CHECK(store.scan(1).records.size() == Lab::kStages);
}

TEST_CASE("kill -9 of the sweep at any moment loses nothing, and its engines die with it") {
  const Lab lab;
  core::Random random(11);
  int killed = 0;
  for (int round = 0; round < 5; ++round) {
    RunningProgram program(lab.command({"sweep", "sweep.yaml", "--out", "store", "--workers", "2"}),
                           lab.path(), lab.environment());
    sleep_ms(100 + random.below(900));
    const std::vector<pid_t> engines = program.children();
    if (!program.is_running()) break;
    program.send(SIGKILL);
    CHECK(program.finish().code == -SIGKILL);
    ++killed;
    for (const pid_t engine : engines) {
      for (int i = 0; i < 1000 && is_alive(engine); ++i) sleep_ms(10);
      CHECK_FALSE(is_alive(engine));
    }
  }
  CHECK(killed > 0);
  const Ran ran = lab.sweep("store");
  INFO(ran.err);
  CHECK(ran.code == 0);
  check_whole(lab / "store");
}

TEST_CASE("kill -9 of engines at any moment costs a retry and changes no number") {
  const Lab lab;
  core::Random random(12);
  RunningProgram program(lab.command({"sweep", "sweep.yaml", "--out", "store", "--workers", "2"}),
                         lab.path(), lab.environment());
  // Fewer than the three attempts after which a stage is given up.
  for (int kills = 0; kills < 2 && program.is_running();) {
    sleep_ms(200 + random.below(700));
    const std::vector<pid_t> engines = program.children();
    if (engines.empty()) continue;
    kill(engines[random.below(engines.size())], SIGKILL);
    ++kills;
  }
  const Ran ran = program.finish();
  INFO(ran.err);
  CHECK(ran.code == 0);
  check_whole(lab / "store");
}

TEST_CASE("Ctrl-C ends a sweep with 130, keeps what is done, and the same command resumes") {
  const Lab lab;
  RunningProgram program(lab.command({"sweep", "sweep.yaml", "--out", "store", "--workers", "2"}),
                         lab.path(), lab.environment());
  // Until the first training is published: there is more to do than its stop takes.
  const auto has_training = [&] {
    return std::filesystem::exists(lab / "store/store.json") &&
           !records_of_kind(store::Store::open(lab / "store"), "train").empty();
  };
  while (program.is_running() && !has_training()) sleep_ms(5);
  program.send(SIGINT);
  const Ran stopped = program.finish();
  INFO(stopped.err);
  CHECK(stopped.code == 130);
  CHECK_THAT(stopped.err, Catch::Contains("resume") || Catch::Contains("goes on"));
  CHECK(std::filesystem::exists(lab / "store/views/results.csv"));
  const auto before = store::Store::open(lab / "store").scan(1).records;
  CHECK(before.size() < Lab::kStages);
  const auto files = files_of_stages(lab / "store");
  CHECK(lab.sweep("store").code == 0);
  for (const store::StageRecord& record : before) {
    const std::string path =
        (store::Store::open(lab / "store").stage_folder(record.id) / store::attempt_file_name(1))
            .string();
    CHECK(files.at(path) == changed_at(path));
  }
  check_whole(lab / "store");
}

TEST_CASE("a training by hand that was stopped goes on to the same weights") {
  const Lab lab;
  lab.write("long.yaml", "epochs: 30\nbatch_size: 16\nlearning_rate: 4.0e-3\n");
  const auto train = [&](const std::string& out) {
    return std::vector<std::string>{"train",    "model.yaml", "--data", Lab::kData,
                                    "--recipe", "long.yaml",  "--out",  out};
  };
  REQUIRE(lab.run(train("whole")).code == 0);
  int stops = 0;
  for (int round = 0; round < 3; ++round) {
    RunningProgram program(lab.command(train("parts")), lab.path(), lab.environment());
    // A checkpoint stands as soon as an epoch ends; SIGINT leaves one of the step just done.
    for (int i = 0; i < 1000 && program.is_running() && program.children().empty(); ++i)
      sleep_ms(2);
    sleep_ms(400);
    program.send(round == 1 ? SIGKILL : SIGINT);
    const Ran ran = program.finish();
    INFO(ran.err);
    if (ran.code == 0) break;
    CHECK(ran.code == (round == 1 ? -SIGKILL : 130));
    ++stops;
  }
  CHECK(stops > 0);
  REQUIRE(lab.run(train("parts")).code == 0);
  CHECK(text_of(lab / "parts/model.safetensors") == text_of(lab / "whole/model.safetensors"));
  CHECK(text_of(lab / "parts/best.safetensors") == text_of(lab / "whole/best.safetensors"));
}

}  // namespace
}  // namespace vitlab
