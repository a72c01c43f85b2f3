#include "design/budgets.h"

#include "core/error.h"
#include "test.hpp"

namespace vitlab::design {
namespace {

TEST_CASE("a number alone goes on with the metric before it", "[budgets]") {
  CHECK(parse_budgets("macs=80e6,200e6,params=5e6") ==
        std::vector<CostBudget>{{"macs", 80e6}, {"macs", 200e6}, {"params", 5e6}});
}

TEST_CASE("budgets that make no sense say what would", "[budgets]") {
  CHECK_THROWS_WITH(parse_budgets("mac=8e6"), Catch::Contains("did you mean 'macs'?"));
  CHECK_THROWS_WITH(parse_budgets("8e6"), Catch::Contains("has no metric"));
  for (const char* text : {"", "macs=", "macs=-1", "macs=nan", "macs=1e6x", "macs=1,,2", "=5"})
    CHECK_THROWS_AS(parse_budgets(text), core::UserError);
}

TEST_CASE("budgets are ordered metric by metric and told once", "[budgets]") {
  CHECK(ordered_budgets({{"params", 2}, {"macs", 5}, {"params", 1}, {"macs", 5}}) ==
        std::vector<CostBudget>{{"params", 1}, {"params", 2}, {"macs", 5}});
}

}  // namespace
}  // namespace vitlab::design
