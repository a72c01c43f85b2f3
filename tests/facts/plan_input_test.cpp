#include "facts/plan_input.h"

#include "test.hpp"

namespace vitlab::facts {
namespace {

TEST_CASE("a plan gives a report its facts, names and rejected points", "[report]") {
  sweep::Plan plan;
  plan.name = "quickstart";
  plan.data = "digits";
  plan.recipe_name = "quick";
  plan.reference = "m1";
  sweep::PlannedModel model;
  model.id = "m1";
  model.name = "mixer=full";
  plan.models["m1"] = model;
  plan.trials.resize(4);
  for (const char* kind : {"cost", "train", "train"}) {
    plan.stages.emplace_back();
    plan.stages.back().kind = kind;
  }
  plan.rejected = {{{{"mixer", "window"}, {"heads", {2, 4}}}, "too large"}};
  facts::ReportInput input;
  facts::add_plan(plan, input);
  CHECK(input.title == "Sweep quickstart");
  CHECK(input.plan.trials == 4);
  CHECK(input.plan.reference == "m1");
  CHECK(input.plan.stages == std::vector<std::string>{"cost", "train"});
  CHECK(input.model_names.at("m1") == "mixer=full");
  REQUIRE(input.rejected.size() == 1);
  CHECK(input.rejected[0].point == "mixer=window heads=[2,4]");
  CHECK(input.rejected[0].reason == "too large");
}

}  // namespace
}  // namespace vitlab::facts
