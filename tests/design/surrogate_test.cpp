#include "design/surrogate.h"

#include <cmath>

#include "swept_table.h"
#include "test.hpp"

namespace vitlab::design {
namespace {

std::vector<SweptKnob> knobs_of(const store::ResultsTable& table) {
  std::vector<std::string> foreign;
  return swept_knobs(table, "efficientvit", foreign);
}

TEST_CASE("a planted gain of a level is predicted", "[surrogate]") {
  const store::ResultsTable table = swept_table();
  std::vector<std::string> notes;
  const Surrogate surrogate(table, knobs_of(table), notes);
  REQUIRE(surrogate.is_fitted());
  graph::Cost cost;
  cost.macs = 5000000;
  cost.parameters = 500000;
  const Prediction cascaded = surrogate.predict({0, 0}, cost, "macs");
  const Prediction full = surrogate.predict({1, 0}, cost, "macs");
  CHECK(cascaded.value - full.value == Approx(0.02).margin(0.004));
  CHECK(cascaded.metric == "accuracy.top1");
  CHECK(cascaded.low.value() < cascaded.value);
  CHECK(notes.size() == 1);
}

TEST_CASE("too few or unpredictable models let capacity stand in and say so", "[surrogate]") {
  store::ResultsTable few = swept_table({.macs = {5e6}});
  store::ResultsTable noise = swept_table();
  core::Random random(3);
  for (store::ResultRow& row : noise.rows)
    if (row.metric == "accuracy.top1") row.value = random.uniform();
  for (const store::ResultsTable& table : {few, noise, store::ResultsTable{}}) {
    std::vector<std::string> notes;
    const Surrogate surrogate(table, knobs_of(table), notes);
    CHECK_FALSE(surrogate.is_fitted());
    REQUIRE(notes.size() == 1);
    CHECK(notes[0].find("ranked by parameter count") != std::string::npos);
    graph::Cost cost;
    cost.macs = 100;
    cost.parameters = 10;
    const std::vector<std::size_t> levels(knobs_of(table).size(), 0);
    CHECK(surrogate.predict(levels, cost, "macs").value == Approx(std::log(10.0)));
    CHECK(surrogate.predict(levels, cost, "params").value == Approx(std::log(100.0)));
  }
}

}  // namespace
}  // namespace vitlab::design
