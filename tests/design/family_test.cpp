#include "design/family.h"

#include <algorithm>

#include "architecture/presets.h"
#include "architecture/solve.h"
#include "core/error.h"
#include "swept_table.h"
#include "test.hpp"

namespace vitlab::design {
namespace {

DesignRequest small_request(std::vector<CostBudget> budgets) {
  return {.base = small_base(), .budgets = std::move(budgets), .multiple_of = 4};
}

TEST_CASE("M0's template meets the budgets of the paper's first models", "[family]") {
  const Family family = design_family(
      {}, {},
      {.base = {{"template", "efficientvit"}}, .budgets = {{"macs", 167e6}, {"macs", 79e6}}});
  REQUIRE(family.variants.size() == 2);
  for (const Variant& variant : family.variants) {
    CHECK(static_cast<double>(variant.cost.macs) <= variant.budget.limit);
    CHECK(static_cast<double>(variant.cost.macs) >= 0.9 * variant.budget.limit);
    CHECK(architecture::spec_problems(variant.spec).empty());
    CHECK(architecture::CostCounter().count(variant.spec) == variant.cost);
    CHECK(variant.regret == 0);
    CHECK(variant.binding_guideline.empty());
    CHECK(variant.predicted.metric == "log_params");
  }
  CHECK(family.variants[0].name == "M0");
  CHECK(family.variants[0].cost.macs < family.variants[1].cost.macs);
}

TEST_CASE("budgets are respected and costs rise, whatever the metric", "[family]") {
  const Family family = design_family(
      swept_table(), {guideline_of("g", "mixer", {"cascaded"})},
      small_request({{"params", 4e5}, {"params", 4.1e5}, {"params", 6e5}, {"macs", 5e6}}));
  CHECK(family.unsolved.empty());
  double before = 0;
  for (const Variant& variant : family.variants) {
    const double cost = architecture::cost_metric(variant.cost, variant.budget.metric);
    CHECK(cost <= variant.budget.limit);
    CHECK(variant.knobs.at("mixer") == "cascaded");
    const auto widths = variant.knobs.at("widths").get<std::vector<graph::Index>>();
    CHECK(std::is_sorted(widths.begin(), widths.end()));
    if (variant.budget.metric == "params") CHECK(cost > before);
    before = cost;
  }
}

TEST_CASE("a guideline that costs what is predicted binds, and without it the model changes",
          "[family]") {
  const store::ResultsTable table = swept_table();
  const guide::Guideline against = guideline_of("slow", "mixer", {"full"}, "throughput");
  const guide::Guideline along = guideline_of("ffn", "ffn_per_side", {"1", "2"});
  const Family bound = design_family(table, {against, along}, small_request({{"macs", 5e6}}));
  REQUIRE(bound.variants.size() == 1);
  const Variant& variant = bound.variants[0];
  CHECK(variant.knobs.at("mixer") == "full");
  CHECK(variant.binding_guideline == "slow");
  CHECK(variant.regret > 0.01);

  const Family free = design_family(table, {along}, small_request({{"macs", 5e6}}));
  REQUIRE(free.variants.size() == 1);
  CHECK(free.variants[0].id != variant.id);
  CHECK(free.variants[0].binding_guideline.empty());
  CHECK(free.variants[0].regret == 0);
  for (const WithoutGuideline& without : variant.without) {
    CHECK(without.is_changed == (without.guideline == "slow"));
    if (without.is_changed) CHECK(without.id == free.variants[0].id);
  }
}

TEST_CASE("a budget without a solution says why and what binds", "[family]") {
  const Family family = design_family(swept_table(), {guideline_of("g", "mixer", {"cascaded"})},
                                      small_request({{"macs", 1e3}, {"macs", 5e6}}));
  CHECK(family.variants.size() == 1);
  CHECK(family.variants[0].name == "M0");
  REQUIRE(family.unsolved.size() == 1);
  CHECK(family.unsolved[0].reason.find("the smallest model found costs") == 0);
  CHECK(family.unsolved[0].binding.empty());
}

TEST_CASE("a guideline that alone stands in the way is named", "[family]") {
  // Only one FFN a side is small enough for the budget.
  architecture::CostCounter counter;
  const auto smallest = [&](int ffn) {
    core::Json knobs = small_base();
    knobs["ffn_per_side"] = ffn;
    knobs["widths"] = {16, 16, 16};
    return static_cast<double>(counter.count(architecture::expand_knobs(knobs, "test")).macs);
  };
  REQUIRE(smallest(1) < smallest(2));
  DesignRequest request = small_request({{"macs", 0.5 * (smallest(1) + smallest(2))}});
  request.multiple_of = 16;
  const Family family =
      design_family(swept_table(), {guideline_of("wide", "ffn_per_side", {"2"})}, request);
  REQUIRE(family.unsolved.size() == 1);
  CHECK(family.unsolved[0].binding == "wide");
}

TEST_CASE("the speed of a model that was measured is found again", "[family]") {
  store::ResultsTable table = swept_table();
  const DesignRequest request = small_request({{"macs", 5e6}});
  const Family before = design_family(table, {}, request);
  store::ResultRow row = table.rows.front();
  row.model = before.variants.at(0).id;
  row.metric = "throughput";
  row.value = 1234;
  table.rows.push_back(row);
  const Family after = design_family(table, {}, request);
  REQUIRE(after.variants.at(0).id == before.variants.at(0).id);
  REQUIRE(!after.variants.at(0).measured.empty());
  CHECK(after.variants.at(0).measured.back().value == 1234);
}

TEST_CASE("a budget far from what was swept is called an extrapolation", "[family]") {
  const Family family = design_family(swept_table(), {}, small_request({{"macs", 2e7}}));
  CHECK(std::any_of(family.notes.begin(), family.notes.end(), [](const std::string& note) {
    return note.find("extrapolated") != note.npos;
  }));
}

TEST_CASE("a request that makes no sense is refused", "[family]") {
  CHECK_THROWS_AS(design_family({}, {}, {.base = {{"template", "x"}}, .budgets = {{"macs", 1e6}}}),
                  core::UserError);
  CHECK_THROWS_AS(design_family({}, {}, {.base = core::Json::object(), .budgets = {{"macs", 1e6}}}),
                  core::UserError);
  CHECK_THROWS_AS(design_family({}, {}, small_request({})), core::UserError);
  CHECK_THROWS_AS(design_family({}, {}, small_request({{"speed", 1}})), core::UserError);
}

}  // namespace
}  // namespace vitlab::design
