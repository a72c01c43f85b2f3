#include "stats/fanova.h"

#include <cmath>
#include <functional>
#include <stdexcept>

#include "core/random.h"
#include "test.hpp"

namespace vitlab::stats {
namespace {

using Rows = std::vector<std::vector<double>>;

/// Every combination of three features with four values each, four times.
Rows grid() {
  Rows rows;
  for (int i = 0; i < 256; ++i) {
    rows.push_back({static_cast<double>(i % 4), static_cast<double>(i / 4 % 4),
                    static_cast<double>(i / 16 % 4)});
  }
  return rows;
}

Importance importance_of(const std::function<double(const std::vector<double>&)>& value) {
  const Rows rows = grid();
  std::vector<double> targets;
  for (const auto& row : rows) targets.push_back(value(row));
  return fanova(fit_forest(rows, targets, {.trees = 32, .smallest_leaf = 1}), feature_domain(rows));
}

TEST_CASE("additive features share the variance as their own variances do", "[stats]") {
  const Importance importance = importance_of([](const auto& x) { return 3 * x[0] + x[1]; });
  CHECK(importance.main[0] == Approx(0.9).margin(0.02));
  CHECK(importance.main[1] == Approx(0.1).margin(0.02));
  CHECK(importance.main[2] < 0.01);
  for (const PairImportance& pair : importance.pairs) CHECK(pair.share < 0.02);
}

TEST_CASE("a pure interaction belongs to its pair alone", "[stats]") {
  const Importance importance =
      importance_of([](const auto& x) { return (x[0] - 1.5) * (x[2] - 1.5); });
  REQUIRE(importance.pairs.size() == 3);
  CHECK(importance.pairs[1].first == 0);
  CHECK(importance.pairs[1].second == 2);
  CHECK(importance.pairs[1].share > 0.9);
  CHECK(importance.pairs[0].share < 0.05);
  CHECK(importance.main[0] < 0.05);
}

TEST_CASE("main effects and the pair of two features exhaust the variance", "[stats]") {
  core::Random random(121);
  Rows rows;
  std::vector<double> targets;
  for (int i = 0; i < 60; ++i) {
    rows.push_back({std::floor(5 * random.uniform()), random.uniform()});
    targets.push_back(rows.back()[0] * rows.back()[1] + 0.1 * random.normal());
  }
  const Importance importance = fanova(fit_forest(rows, targets), feature_domain(rows));
  CHECK(importance.main[0] + importance.main[1] + importance.pairs[0].share == Approx(1));
}

TEST_CASE("importance equals brute force over the whole grid", "[stats]") {
  core::Random random(122);
  const Rows rows = grid();
  std::vector<double> targets;
  for (std::size_t i = 0; i < rows.size(); ++i) targets.push_back(random.normal());
  const Forest forest = fit_forest(rows, targets, {.trees = 1, .smallest_leaf = 4});
  const Importance importance = fanova(forest, feature_domain(rows));

  double centre = 0;
  for (const auto& row : rows) centre += predict(forest, row) / 256;
  double total = 0;
  std::vector<double> marginal(4, 0);
  for (const auto& row : rows) {
    const double value = predict(forest, row);
    total += (value - centre) * (value - centre) / 256;
    marginal[static_cast<std::size_t>(row[1])] += value / 64;
  }
  double variance = 0;
  for (const double m : marginal) variance += (m - centre) * (m - centre) / 4;
  CHECK(importance.main[1] == Approx(variance / total));
}

TEST_CASE("a domain holds the distinct values, or even quantiles of many", "[stats]") {
  Rows rows;
  for (int i = 0; i <= 100; ++i) rows.push_back({static_cast<double>(i % 3), i / 100.0});
  const auto domain = feature_domain(rows, 5);
  CHECK(domain[0] == std::vector<double>{0, 1, 2});
  CHECK(domain[1] == std::vector<double>{0, 0.25, 0.5, 0.75, 1});
  CHECK_THROWS_AS(feature_domain(Rows{}), std::logic_error);
}

TEST_CASE("a constant forest explains nothing", "[stats]") {
  const Importance importance = importance_of([](const auto&) { return 7.0; });
  for (const double share : importance.main) CHECK(share == 0);
  for (const PairImportance& pair : importance.pairs) CHECK(pair.share == 0);
}

}  // namespace
}  // namespace vitlab::stats
