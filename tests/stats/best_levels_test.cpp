#include "stats/best_levels.h"

#include <cmath>
#include <stdexcept>

#include "planted_table.h"
#include "test.hpp"

namespace vitlab::stats {
namespace {

using Levels = std::vector<std::int64_t>;

BestLevels best_of(const EffectTable& table, const BestLevelSettings& settings = {}) {
  return best_levels(table, bootstrap_effects(table, {.draws = 500}), settings);
}

TEST_CASE("the confidence set holds the levels that are equally good", "[stats]") {
  const EffectTable table = tabulate(planted_rows({.means = {0, 3, 3, 3, 0}}, 91));
  const BestLevels best = best_of(table);
  CHECK(best.levels == Levels{1, 2, 3});
  CHECK(best.is_range);
}

TEST_CASE("what is best turns round with the direction", "[stats]") {
  const EffectTable table = tabulate(planted_rows({.means = {0, 3, 6}}, 92));
  CHECK(best_of(table).best == 2);
  const BestLevels lowest = best_of(table, {.direction = Direction::kMinimise});
  CHECK(lowest.best == 0);
  CHECK(lowest.levels == Levels{0});
}

TEST_CASE("two separate humps are no range", "[stats]") {
  const BestLevels best = best_of(tabulate(planted_rows({.means = {0, 4, 0, 4, 0}}, 93)));
  CHECK(best.levels == Levels{1, 3});
  CHECK_FALSE(best.is_range);
}

TEST_CASE("a wider margin only ever adds levels", "[stats]") {
  const EffectTable table = tabulate(planted_rows({.means = {0, 1, 2, 3, 4}}, 94));
  std::size_t last = 0;
  for (const double margin : {0.0, 1.5, 2.5, 3.5, 6.0}) {
    const BestLevels best = best_of(table, {.margin = margin});
    CHECK(best.levels.size() >= last);
    last = best.levels.size();
  }
  CHECK(last == 5);
}

TEST_CASE("the noise of seeds sets the least margin", "[stats]") {
  const EffectTable table = tabulate(planted_rows({.means = {0, 1}, .blocks = 50}, 95));
  CHECK(tolerated_margin(table, 0) == Approx(2 * table.seed_deviation / std::sqrt(3.0)));
  CHECK(tolerated_margin(table, 9) == 9);
  CHECK(tolerated_margin(tabulate(planted_rows({.means = {0, 1}, .seeds = 1}, 95)), 0.1) == 0.1);
  CHECK_THROWS_AS(tolerated_margin(table, -1), std::logic_error);
}

TEST_CASE("one block leaves every level in", "[stats]") {
  const EffectTable table = tabulate(planted_rows({.means = {0, 50}, .blocks = 1}, 96));
  CHECK(best_of(table).levels == Levels{0, 1});
  CHECK_FALSE(best_of(table).is_range);
}

TEST_CASE("exact tables without any noise leave the best level alone", "[stats]") {
  const EffectTable table =
      tabulate(planted_rows({.means = {0, 1, 0.5}, .seeds = 1, .seed_deviation = 0}, 97));
  CHECK(best_of(table).levels == Levels{1});
}

}  // namespace
}  // namespace vitlab::stats
