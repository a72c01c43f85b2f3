#include "stats/effects.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "planted_table.h"
#include "stats/sign_flip.h"
#include "test.hpp"

namespace vitlab::stats {
namespace {

const PlantedTable kPlan{.means = {0, 1, 3}};

TEST_CASE("effects of complete blocks are mean deviations from the block mean", "[stats]") {
  const std::vector<EffectRow> rows{{"a", 0, 0, 1.0},  {"a", 0, 1, 3.0},  {"a", 0, 2, 5.0},
                                    {"b", 0, 0, 10.0}, {"b", 0, 1, 10.0}, {"b", 0, 2, 13.0}};
  const std::vector<double> effects = level_effects(tabulate(rows));
  CHECK(effects[0] == Approx(-1.5));
  CHECK(effects[1] == Approx(-0.5));
  CHECK(effects[2] == Approx(2));
}

TEST_CASE("a missing cell does not pass its block's height off as an effect", "[stats]") {
  // Value = block + level exactly; the best block lacks the best level.
  std::vector<EffectRow> rows;
  for (std::int64_t level = 0; level < 3; ++level) {
    const double value = static_cast<double>(level);
    rows.push_back({"low", 0, level, value});
    if (level < 2) rows.push_back({"high", 0, level, 100 + value});
  }
  const std::vector<double> effects = level_effects(tabulate(rows));
  CHECK(effects[1] - effects[0] == Approx(1));
  CHECK(effects[2] - effects[1] == Approx(1));
  CHECK(effects[0] + effects[1] + effects[2] == Approx(0).margin(1e-9));
}

TEST_CASE("row order and repeated rows do not change a byte", "[stats]") {
  std::vector<EffectRow> rows = planted_rows(kPlan, 81);
  const EffectBootstrap first = bootstrap_effects(tabulate(rows), {.draws = 200, .seed = 4});
  std::vector<EffectRow> messy(rows.rbegin(), rows.rend());
  messy.insert(messy.end(), rows.begin(), rows.begin() + 20);
  const EffectBootstrap again = bootstrap_effects(tabulate(messy), {.draws = 200, .seed = 4});
  CHECK(first.effects == again.effects);
  CHECK(first.draws == again.draws);
  CHECK(first.draws != bootstrap_effects(tabulate(rows), {.draws = 200, .seed = 5}).draws);
}

TEST_CASE("shifting whole blocks changes no effect", "[stats]") {
  std::vector<EffectRow> rows = planted_rows(kPlan, 82);
  const std::vector<double> before = level_effects(tabulate(rows));
  for (EffectRow& row : rows) {
    if (row.block == "block 3") row.value += 1000;
  }
  const std::vector<double> after = level_effects(tabulate(rows));
  for (std::size_t l = 0; l < before.size(); ++l) CHECK(after[l] == Approx(before[l]));
}

TEST_CASE("a table knows the noise of its seeds and the blocks that compare nothing", "[stats]") {
  std::vector<EffectRow> rows = planted_rows({.means = {0, 1}, .blocks = 60}, 83);
  rows.push_back({"lonely", 0, 7, 99.0});
  const EffectTable table = tabulate(rows);
  CHECK(table.blocks.size() == 60);
  CHECK(table.levels == std::vector<std::int64_t>{0, 1});
  CHECK(table.seeds_per_cell == Approx(3));
  CHECK(table.seed_deviation == Approx(0.3).epsilon(0.15));
  CHECK(std::isnan(tabulate(planted_rows({.means = {0, 1}, .seeds = 1}, 84)).seed_deviation));
}

TEST_CASE("effect intervals cover the planted effects", "[stats]") {
  const PlantedTable plan{.means = {-1, 0, 1}, .blocks = 8, .context_deviation = 0.8};
  int covered = 0;
  for (std::uint64_t run = 0; run < 200; ++run) {
    const EffectTable table = tabulate(planted_rows(plan, 900 + run));
    const auto estimates = effect_estimates(bootstrap_effects(table, {.draws = 600}));
    covered += Interval{estimates[2].low, estimates[2].high}.contains(1) ? 1 : 0;
  }
  CHECK(covered >= 180);
}

TEST_CASE("a contrast is the difference of its sides and agrees with the blocks", "[stats]") {
  const EffectTable table = tabulate(planted_rows(kPlan, 85));
  const EffectBootstrap bootstrap = bootstrap_effects(table, {.draws = 500});
  const std::vector<std::size_t> low{0};
  const std::vector<std::size_t> high{1, 2};
  const Estimate contrast = effect_contrast(bootstrap, low, high);
  const std::vector<double> by_block = block_contrasts(table, low, high);
  REQUIRE(by_block.size() == 8);
  double sum = 0;
  for (const double difference : by_block) sum += difference;
  CHECK(contrast.value == Approx(sum / 8));
  CHECK(contrast.value == Approx(2).margin(0.3));
  CHECK(contrast.is_off_zero());
  CHECK(effect_contrast(bootstrap, high, low).value == Approx(-contrast.value));
  CHECK(sign_flip_p_value(by_block) == smallest_sign_flip_p(8));
  CHECK(probability_of_superiority(by_block) == 1);
}

TEST_CASE("a level that few blocks hold is drawn only where it appears", "[stats]") {
  std::vector<EffectRow> rows = planted_rows({.means = {0, 1}}, 86);
  rows.push_back({"block 2", 0, 5, rows.front().value});
  const EffectBootstrap bootstrap = bootstrap_effects(tabulate(rows), {.draws = 400});
  CHECK(bootstrap.draws.size() < 350);  // (7/8)^8 = 34 % of the draws lose block 2
  CHECK(bootstrap.draws.size() > 200);
  CHECK(effect_estimates(bootstrap).size() == 3);
  CHECK_THROWS_AS(bootstrap_effects(tabulate(rows), {.draws = 0}), std::logic_error);
}

TEST_CASE("superiority counts ties half", "[stats]") {
  CHECK(probability_of_superiority(std::vector<double>{1, 0, -1, 2}) == Approx(0.625));
}

TEST_CASE("levels that no block connects cannot be compared", "[stats]") {
  const std::vector<EffectRow> rows{
      {"a", 0, 0, 1.0}, {"a", 0, 1, 2.0}, {"b", 0, 2, 3.0}, {"b", 0, 3, 4.0}};
  const EffectTable table = tabulate(rows);
  CHECK_FALSE(table.is_connected);
  CHECK_THROWS_AS(level_effects(table), std::logic_error);
  CHECK_FALSE(tabulate({}).is_connected);
  CHECK_THROWS_AS(table.position_of(9), std::logic_error);
  const std::vector<EffectRow> broken{{"a", 0, 0, std::nan("")}};
  CHECK_THROWS_AS(tabulate(broken), std::logic_error);
}

}  // namespace
}  // namespace vitlab::stats
