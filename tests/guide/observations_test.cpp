#include "guide/observations.h"

#include <cmath>

#include "guide/comparison.h"
#include "test.hpp"

namespace vitlab::guide {
namespace {

store::ResultRow row_of(const std::string& model, const std::string& metric, double value) {
  store::ResultRow row;
  row.model = model;
  row.metric = metric;
  row.value = value;
  row.knobs = {"4", "[8, 16]"};
  return row;
}

TEST_CASE("subjects are averaged, repeats counted once, a whole value wins", "[observations]") {
  store::ResultsTable table{.knobs = {"heads", "widths"}, .rows = {}};
  store::ResultRow row = row_of("m", "head_cosine.max_max.map", 0.2);
  for (const auto& [subject, value] :
       {std::pair{"a", 0.2}, std::pair{"a", 0.2}, std::pair{"b", 0.6}}) {
    row.subject = subject;
    row.value = value;
    table.rows.push_back(row);
  }
  CHECK(observe(table).metrics.at(0).rows.at(0).value == Approx(0.4));
  row.subject.clear();
  row.value = 0.9;
  table.rows.push_back(row);
  CHECK(observe(table).metrics.at(0).rows.at(0).value == Approx(0.9));
}

TEST_CASE("a stratum of parameters spans at most ten per cent around its middle",
          "[observations]") {
  store::ResultsTable table{.knobs = {"heads", "widths"}, .rows = {}};
  for (const double size : {1.0e6, 1.2e6, 1.23e6, 1.5e6, 1.51e6})
    table.rows.push_back(row_of(std::to_string(size), "params", size));
  const Observations observations = observe(table);
  std::vector<std::string> strata;
  for (const Observation& row : observations.metrics.at(0).rows) strata.push_back(row.budget);
  CHECK(strata == std::vector<std::string>{"params from 1e+06", "params from 1e+06",
                                           "params from 1230000", "params from 1230000",
                                           "params from 1510000"});
}

TEST_CASE("values that are not finite and unknown metrics are left out", "[observations]") {
  store::ResultsTable table{.knobs = {"heads", "widths"}, .rows = {}};
  table.rows = {row_of("m", "latency", std::nan("")), row_of("m", "status", 1)};
  CHECK(observe(table).metrics.empty());
}

TEST_CASE("levels that are numbers are ordered as numbers", "[observations]") {
  store::ResultsTable table{.knobs = {"heads", "widths"}, .rows = {}};
  for (const std::string heads : {"10", "2", "4"}) {
    table.rows.push_back(row_of("m" + heads, "latency", 1));
    table.rows.back().knobs[0] = heads;
  }
  const auto factors = factors_of(observe(table));
  REQUIRE(factors.size() == 1);
  CHECK(factors[0].levels == std::vector<std::string>{"2", "4", "10"});
  CHECK(factors[0].is_numeric);
}

TEST_CASE("widths that a budget solved neither match nor count as a factor", "[observations]") {
  store::ResultsTable table{.knobs = {"heads", "widths"}, .rows = {}};
  for (const std::string heads : {"2", "4"}) {
    store::ResultRow row = row_of("m" + heads, "latency", 1);
    row.knobs = {heads, "[" + heads + "]"};
    row.budget_metric = "macs";
    row.budget = 5e6;
    table.rows.push_back(row);
  }
  Observations observations = observe(table);
  REQUIRE(factors_of(observations).size() == 1);
  const Factor factor = factors_of(observations)[0];
  const auto blocks = [&] {
    return compare_levels(observations.metrics.at(0), observations.knobs, factor)
        .table.blocks.size();
  };
  CHECK(blocks() == 1);
  for (store::ResultRow& row : table.rows) row.budget_metric.clear();
  table.rows.push_back(row_of("m2", "params", 100));
  table.rows.push_back(row_of("m4", "params", 100));
  observations = observe(table);
  CHECK(blocks() == 0);
}

}  // namespace
}  // namespace vitlab::guide
