#include "lab/conclude.h"

#include "guide/guideline_output.h"
#include "lab/design_sweep.h"
#include "lab/fake_engines.h"
#include "test.hpp"

namespace vitlab::lab {
namespace {

/// A store of the small sweep in which nothing has run yet.
SweepFolder planned_folder(const SweepFiles& files) {
  const store::Store store = store::Store::open_or_create(files / "store");
  const sweep::Plan plan = sweep::expand(files.request().spec);
  set_current_plan(store, store.put_plan(sweep::plan_json(plan)), "the command");
  return open_sweep_folder(files / "store");
}

TEST_CASE("a folder tells the plan and the command that it was last run for") {
  const SweepFiles files;
  const SweepFolder folder = planned_folder(files);
  CHECK(folder.command == "the command");
  CHECK(folder.plan.stages.size() == SweepFiles::kStages);
  store::Store::open_or_create(files / "bare");
  CHECK_THROWS_WITH(open_sweep_folder(files / "bare"),
                    Catch::Contains("run vitlab sweep SWEEP --out"));
}

TEST_CASE("whatever a store holds is concluded, finished or not, and what is damaged is told") {
  const SweepFiles files;
  const SweepFolder folder = planned_folder(files);
  const Conclusion empty = conclude(folder);
  CHECK(empty.done == 0);
  CHECK(empty.not_done.size() == SweepFiles::kStages);
  CHECK(std::filesystem::exists(empty.report));

  std::string last;
  for (const sweep::PlannedStage& stage : folder.plan.stages) {
    if (stage.kind != "train") continue;
    folder.store.publish(store::sample_record(last = stage.id));
  }
  CHECK(conclude(folder).done == 4);
  store::overwrite(folder.store.stage_folder(last) / "attempt-0001.json", "half a rec");
  const Conclusion damaged = conclude(folder);
  CHECK(damaged.done == 3);
  REQUIRE(damaged.problems.size() == 1);
  CHECK(damaged.problems[0].path.filename() == "attempt-0001.json");
  CHECK(damaged.out == folder.store.folder());
  CHECK(damaged.results == folder.results());
  for (const store::OpenStage& open : damaged.not_done) CHECK(open.state == "missing");
}

TEST_CASE("a record whose details do not read is told with its place and counts as missing") {
  const SweepFiles files;
  const SweepFolder folder = planned_folder(files);
  for (const sweep::PlannedStage& stage : folder.plan.stages) {
    if (!stage.timed) continue;
    store::StageRecord record = store::sample_record(stage.id);
    record.kind = stage.kind;
    record.details = {{"colour", "blue"}};
    folder.store.publish(std::move(record));
  }
  const Conclusion conclusion = conclude(folder);
  CHECK(conclusion.done == 0);
  REQUIRE(conclusion.problems.size() == SweepFiles::kTimed);
  CHECK_THAT(conclusion.problems[0].reason, Catch::Contains("the record of stage ") &&
                                                Catch::Contains("details.colour is not known"));
  for (const store::OpenStage& open : conclusion.not_done) CHECK(open.state == "missing");
}

TEST_CASE("guidelines come from a folder or from its table alike") {
  const SweepFiles files;
  const SweepFolder folder = planned_folder(files);
  const auto text = [](const std::string& source) {
    return guide::guide_markdown(guide_source(source));
  };
  const std::string of_folder = text(files / "store");
  CHECK(of_folder == text(folder.results().string()));
  CHECK_THROWS_WITH(guide_source(files / "nowhere"),
                    Catch::Contains("neither a folder that vitlab sweep wrote nor a results.csv"));
}

TEST_CASE("a family is designed from the reference of a sweep, on the grid of its widths") {
  const SweepFiles files;
  const SweepFolder folder = planned_folder(files);
  const sweep::PlannedModel& reference = folder.plan.models.at(folder.plan.reference);
  const design::Family family = design_sweep(
      {files / "store", {{"macs", static_cast<double>(reference.macs)}}, 0, files / "family"});
  CHECK(family.multiple_of == 8);  // divides 16 and 24
  CHECK(family.base == reference.knobs);
  CHECK(family.variants.size() + family.unsolved.size() == 1);
  CHECK(std::filesystem::exists(files / "family/design.json"));
}

}  // namespace
}  // namespace vitlab::lab
