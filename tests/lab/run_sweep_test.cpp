#include "lab/run_sweep.h"

#include "lab/fake_engines.h"
#include "lab/plan_sweep.h"
#include "test.hpp"

namespace vitlab::lab {
namespace {

std::string results_of(const SweepFiles& files, const std::string& store) {
  return store::content_of(files / (store + "/views/results.csv"));
}

TEST_CASE("a sweep runs what its store lacks, untimed stages first, and concludes") {
  const SweepFiles files;
  SweepRequest request = files.request();
  request.workers = 99;
  FakeEngines engines;
  ToldEvents told;
  const Conclusion conclusion = run_sweep(request, engines, told.sink());
  CHECK(conclusion.is_complete());
  CHECK(conclusion.stages == SweepFiles::kStages);
  CHECK(conclusion.not_done.empty());
  CHECK(conclusion.problems.empty());
  CHECK(conclusion.verdict.size() == 3);
  CHECK(std::filesystem::exists(conclusion.report));
  CHECK(std::filesystem::exists(conclusion.results));
  REQUIRE(engines.phases.size() == 2);
  CHECK_FALSE(engines.phases[0].timed);
  CHECK(engines.phases[0].workers == SweepFiles::kUntimed);  // no more than there is to do
  CHECK(engines.phases[1].timed);
  CHECK(engines.phases[1].workers == 1);
  CHECK(told.lines().front() == "begin train and analyse 6");
  CHECK(told.count("train done ") == 4);
  CHECK(told.count("train and analyse 6") == 1);
  CHECK(told.count("finish train and analyse") == 1);
  CHECK(told.count("begin measure 2") == 1);
  CHECK(told.lines().back() == "finish measure");
}

TEST_CASE("the same request again starts no worker and leaves every byte") {
  const SweepFiles files;
  FakeEngines engines;
  ToldEvents told;
  run_sweep(files.request(), engines, told.sink());
  const std::string results = results_of(files, "store");
  const std::string report = store::content_of(files / "store/report/index.html");
  FakeEngines idle;
  CHECK(run_sweep(files.request(), idle, told.sink()).is_complete());
  CHECK(idle.phases.empty());
  CHECK(results_of(files, "store") == results);
  CHECK(store::content_of(files / "store/report/index.html") == report);
}

TEST_CASE("stages that fail are named, given up, and tried anew on request") {
  const SweepFiles files;
  FakeEngines engines;
  bool is_broken = true;
  std::string failed;
  engines.ends_as = [&](const sweep::PlannedStage& stage) {
    if (is_broken && stage.kind == "train" && (failed.empty() || failed == stage.id)) {
      failed = stage.id;
      return store::StageState::kFailed;
    }
    return store::StageState::kDone;
  };
  ToldEvents told;
  const Conclusion conclusion = run_sweep(files.request(), engines, told.sink());
  CHECK_FALSE(conclusion.is_complete());
  CHECK(conclusion.done == SweepFiles::kStages - 1);
  REQUIRE(conclusion.not_done.size() == 1);
  CHECK(conclusion.not_done[0].kind == "train");
  CHECK(conclusion.not_done[0].state == "failed");
  CHECK(conclusion.not_done[0].reason == "planted");
  CHECK(told.count("train failed planted") == 1);
  CHECK(engines.stages_run.size() == SweepFiles::kStages);

  CHECK_FALSE(run_sweep(files.request(), engines, told.sink()).is_complete());
  CHECK(engines.stages_run.size() == SweepFiles::kStages);  // what failed is left alone
  is_broken = false;
  SweepRequest again = files.request();
  again.retry_failed = true;
  CHECK(run_sweep(again, engines, told.sink()).is_complete());
  REQUIRE(engines.stages_run.size() == SweepFiles::kStages + 1);
  CHECK(engines.stages_run.back() == failed);
}

TEST_CASE("an interrupted sweep keeps what was done and goes on from there") {
  const SweepFiles files;
  FakeEngines engines, others;
  ToldEvents told;
  engines.interrupted_after = 3;
  CHECK_THROWS_AS(run_sweep(files.request(), engines, told.sink()), core::Interrupted);
  CHECK(told.lines().back() == "drop train and analyse");
  CHECK_THAT(results_of(files, "store"), Catch::Contains("not run yet"));
  const PlanOutcome planned = plan_sweep({files / "sweep.yaml", files / "store"});
  std::size_t done = 0;
  for (const auto& [id, state] : planned.states) done += state == "done";
  CHECK(done == 3);

  CHECK(run_sweep(files.request(), others, told.sink()).is_complete());
  CHECK(others.stages_run.size() == SweepFiles::kStages - 3);
  FakeEngines all;
  run_sweep(files.request("other"), all, told.sink());
  CHECK(results_of(files, "store") == results_of(files, "other"));
}

TEST_CASE("a plan says what a sweep would run before and what is done after") {
  const SweepFiles files;
  const PlanOutcome before = plan_sweep({files / "sweep.yaml", files / "store"});
  CHECK(before.plan.stages.size() == SweepFiles::kStages);
  for (const auto& [id, state] : before.states) CHECK(state == "planned");
  FakeEngines engines;
  ToldEvents told;
  run_sweep(files.request(), engines, told.sink());
  const PlanOutcome after = plan_sweep({files / "sweep.yaml", files / "store"});
  CHECK(after.plan == before.plan);
  for (const auto& [id, state] : after.states) CHECK(state == "done");
  // Both writers of a plan, for the store and for people, tell the same of it.
  const core::Json stored = sweep::plan_json(after.plan);
  const core::Json told_of = sweep::plan_overview_json(after.plan, after.states);
  for (const char* list : {"trials", "stages"}) {
    REQUIRE(told_of.at(list).size() == stored.at(list).size());
    for (std::size_t i = 0; i < stored.at(list).size(); ++i)
      for (const char* key : {"id", "model"})
        CHECK(told_of.at(list)[i].at(key) == stored.at(list)[i].at(key));
  }
  CHECK(told_of.at("models") == stored.at("models").size());
  CHECK(told_of.at("trials")[0].at("macs") ==
        after.plan.models.at(after.plan.trials[0].model).macs);
}

TEST_CASE("a sweep without trials and two sweeps of one name are refused before anything runs") {
  FakeEngines engines;
  ToldEvents told;
  const SweepFiles none;
  none.write("sweep.yaml", "sweep: none" + std::string(SweepFiles::kBase) +
                               "axes: [{grid: {mixer: [cascaded, full]}}]\nwhere: [\"params < "
                               "1\"]\nstages: [cost]\n");
  CHECK_THROWS_WITH(run_sweep(none.request(), engines, told.sink()),
                    Catch::Contains("sweep.yaml gives no trial: all 2 points are rejected"));
  const SweepFiles a, b, other("other");
  CHECK_THROWS_WITH(read_sweeps({a / "sweep.yaml", b / "sweep.yaml"}, ""),
                    Catch::Contains("are both named tiny"));
  const auto both = read_sweeps({a / "sweep.yaml", other / "sweep.yaml"}, "out");
  CHECK(both[0].out == "out/tiny");
  CHECK(both[1].out == "out/other");
  CHECK(read_sweeps({a / "sweep.yaml"}, "")[0].out == "results/tiny");
  CHECK(engines.phases.empty());
}

}  // namespace
}  // namespace vitlab::lab
