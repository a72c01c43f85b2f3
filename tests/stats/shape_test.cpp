#include "stats/shape.h"

#include <stdexcept>

#include "planted_table.h"
#include "test.hpp"

namespace vitlab::stats {
namespace {

ShapeVerdict shape_of(const std::vector<double>& means,
                      Direction direction = Direction::kMaximise) {
  const EffectTable table = tabulate(planted_rows({.means = means}, 101));
  const BestLevels best =
      best_levels(table, bootstrap_effects(table, {.draws = 500}), {.direction = direction});
  return judge_shape(table, best, {.direction = direction});
}

TEST_CASE("a factor that helps is raised, one that hurts is lowered", "[stats]") {
  CHECK(shape_of({0, 1, 2, 3}).shape == Shape::kRaise);
  CHECK(shape_of({3, 2, 1, 0}).shape == Shape::kLower);
  CHECK(shape_of({0, 1, 2, 3}, Direction::kMinimise).shape == Shape::kLower);
  CHECK(shape_of({0, 3}).shape == Shape::kRaise);
  CHECK(shape_of({0, 3, 3, 3}).shape == Shape::kRaise);
}

TEST_CASE("a hump is kept between, for costs a trough", "[stats]") {
  CHECK(shape_of({0, 3, 3, 3, 0}).shape == Shape::kKeepBetween);
  CHECK(shape_of({3, 0, 0, 3}, Direction::kMinimise).shape == Shape::kKeepBetween);
  CHECK(shape_of({0, 3, 3, 3, 0}).curvature < 0);
}

TEST_CASE("no difference and no range are indifferent", "[stats]") {
  const ShapeVerdict flat = shape_of({0, 0, 0, 0});
  CHECK(flat.shape == Shape::kIndifferent);
  CHECK(flat.p_value > 0.05);
  CHECK(shape_of({0, 4, 0, 4, 0}).shape == Shape::kIndifferent);
}

TEST_CASE("slope and bend are those of the planted curve", "[stats]") {
  std::vector<double> means;
  for (int l = 0; l < 5; ++l) means.push_back(2.0 * l - 0.7 * l * l);
  const EffectTable table =
      tabulate(planted_rows({.means = means, .seeds = 1, .seed_deviation = 0}, 102));
  const ShapeVerdict verdict = judge_shape(table, {});
  CHECK(verdict.curvature == Approx(-0.7));
  CHECK(verdict.trend == Approx(2 - 0.7 * 4));  // the slope at the middle level
  CHECK(verdict.spearman == Approx(-0.7));
}

TEST_CASE("the permutation p-values are honest under a true null", "[stats]") {
  int trends = 0;
  int bends = 0;
  for (std::uint64_t run = 0; run < 300; ++run) {
    const EffectTable table = tabulate(planted_rows({.means = {0, 0, 0, 0}, .blocks = 6}, run));
    const ShapeVerdict verdict = judge_shape(table, {}, {.draws = 400});
    trends += verdict.trend_p <= 0.1 ? 1 : 0;
    bends += verdict.curvature_p <= 0.1 ? 1 : 0;
  }
  CHECK(trends <= 48);  // 30 expected, 3.5 deviations above
  CHECK(trends >= 12);
  CHECK(bends <= 48);
  CHECK(bends >= 12);
}

TEST_CASE("every shape has a name", "[stats]") {
  CHECK(shape_name(Shape::kRaise) == "raise");
  CHECK(shape_name(Shape::kLower) == "lower");
  CHECK(shape_name(Shape::kKeepBetween) == "keep between");
  CHECK(shape_name(Shape::kIndifferent) == "indifferent");
}

}  // namespace
}  // namespace vitlab::stats
