#include "design/design_space.h"

#include <algorithm>

#include "architecture/presets.h"
#include "swept_table.h"
#include "test.hpp"

namespace vitlab::design {
namespace {

TEST_CASE("every official EfficientViT is feasible under its own rules and budget",
          "[design_space]") {
  architecture::CostCounter counter;
  for (const std::string name : {"m0", "m1", "m2", "m3", "m4", "m5"}) {
    const architecture::NamedModel official = architecture::resolve_model("efficientvit_" + name);
    const graph::Cost cost = counter.count(official.spec);
    core::Json knobs = official.knobs;
    const core::Json widths =
        knobs.contains("widths") ? knobs.at("widths") : core::Json{64, 128, 192};
    WidthPoints found =
        widths_within(knobs, {"macs", static_cast<double>(cost.macs)}, 0, 16, counter);
    std::stable_sort(found.points.begin(), found.points.end(),
                     [](const WidthPoint& a, const WidthPoint& b) {
                       return a.cost.parameters > b.cost.parameters;
                     });
    const auto own =
        std::find_if(found.points.begin(), found.points.end(),
                     [&](const WidthPoint& p) { return core::Json(p.widths) == widths; });
    REQUIRE(own != found.points.end());
    CHECK(own->cost == cost);
    WARN("M" << name[1] << " has rank " << own - found.points.begin() + 1 << " of "
             << found.points.size() << " by parameters at its MACs");
  }
}

TEST_CASE("points meet their budget, use it well and never narrow", "[design_space]") {
  architecture::CostCounter counter;
  for (const CostBudget& budget :
       {CostBudget{"macs", 5e6}, CostBudget{"params", 4e5}, CostBudget{"bytes_moved", 2e6}}) {
    const WidthPoints found = widths_within(small_base(), budget, 0, 4, counter);
    INFO(budget_text(budget) << ": " << found.problem);
    REQUIRE(!found.points.empty());
    for (const WidthPoint& point : found.points) {
      const double cost = architecture::cost_metric(point.cost, budget.metric);
      CHECK(cost <= budget.limit);
      CHECK(cost >= kLeastUse * budget.limit);
      CHECK(std::is_sorted(point.widths.begin(), point.widths.end()));
      for (const graph::Index width : point.widths) CHECK(width % 4 == 0);
    }
  }
}

TEST_CASE("a budget below the smallest model names what that costs", "[design_space]") {
  architecture::CostCounter counter;
  const WidthPoints found = widths_within(small_base(), {"macs", 1e3}, 0, 16, counter);
  CHECK(found.points.empty());
  CHECK(found.smallest > 1e3);
  CHECK(found.problem.find("the smallest model found costs") == 0);
}

}  // namespace
}  // namespace vitlab::design
