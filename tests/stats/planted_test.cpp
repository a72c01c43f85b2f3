#include "planted_table.h"
#include "stats/best_levels.h"
#include "stats/shape.h"
#include "test.hpp"

namespace vitlab::stats {
namespace {

using Levels = std::vector<std::int64_t>;

BestLevels best_of(const EffectTable& table, std::uint64_t seed) {
  return best_levels(table, bootstrap_effects(table, {.draws = 400, .seed = seed}));
}

TEST_CASE("a planted optimum between 20 and 40 % is recovered in 90 % of 200 draws", "[stats]") {
  // Shares 0, 10, 20, 30, 40, 50, 60 %: the plateau is levels 2 to 4.
  const PlantedTable plan{
      .means = {-4, -2, 0, 0.1, 0, -2, -4}, .blocks = 8, .context_deviation = 0.3};
  int recovered = 0;
  for (std::uint64_t run = 0; run < 200; ++run) {
    const EffectTable table = tabulate(planted_rows(plan, 2000 + run));
    const BestLevels best = best_of(table, run);
    const ShapeVerdict verdict = judge_shape(table, best, {.draws = 200, .seed = run});
    recovered += best.levels == Levels{2, 3, 4} && verdict.shape == Shape::kKeepBetween ? 1 : 0;
  }
  CHECK(recovered >= 180);
}

TEST_CASE("null tables make a false claim at most one time in ten", "[stats]") {
  // Without seeds to widen the margin, and with levels that differ from block to block by chance.
  for (const std::size_t levels : {2U, 5U}) {
    for (const int blocks : {5, 12}) {
      const PlantedTable plan{.means = std::vector<double>(levels, 0.0),
                              .blocks = blocks,
                              .seeds = 1,
                              .context_deviation = 1};
      int claims = 0;
      int shapes = 0;
      for (std::uint64_t run = 0; run < 300; ++run) {
        const EffectTable table = tabulate(planted_rows(plan, 5000 + run));
        const BestLevels best = best_of(table, run);
        claims += best.levels.size() < levels ? 1 : 0;
        shapes += judge_shape(table, best, {.draws = 200}).shape != Shape::kIndifferent ? 1 : 0;
      }
      INFO(levels << " levels, " << blocks << " blocks");
      CHECK(claims <= 30);
      CHECK(shapes <= 30);
    }
  }
}

TEST_CASE("one level far noisier than the rest makes no false claim either", "[stats]") {
  int claims = 0;
  for (std::uint64_t run = 0; run < 300; ++run) {
    std::vector<EffectRow> rows =
        planted_rows({.means = {0, 0, 0}, .blocks = 6, .seeds = 1}, 7000 + run);
    core::Random random(run);
    for (EffectRow& row : rows) row.value += row.level == 1 ? 5 * random.normal() : 0;
    claims += best_of(tabulate(rows), run).levels.size() < 3 ? 1 : 0;
  }
  CHECK(claims <= 30);
}

TEST_CASE("a level swapped between contexts is claimed in each and not in their mix", "[stats]") {
  // The sign of the effect flips with the recipe: strata claim opposite ends, the mix claims none.
  const auto flipped = [](const std::vector<double>& means, const std::string& recipe) {
    std::vector<EffectRow> rows = planted_rows({.means = means}, 8000 + means.size());
    for (EffectRow& row : rows) row.block += recipe;
    return rows;
  };
  std::vector<EffectRow> scratch = flipped({0, 1, 2, 3}, " scratch");
  const std::vector<EffectRow> distilled = flipped({3, 2, 1, 0}, " distilled");
  CHECK(best_of(tabulate(scratch), 1).levels == Levels{3});
  CHECK(best_of(tabulate(distilled), 1).levels == Levels{0});
  scratch.insert(scratch.end(), distilled.begin(), distilled.end());
  CHECK_FALSE(best_of(tabulate(scratch), 1).is_range);
}

}  // namespace
}  // namespace vitlab::stats
