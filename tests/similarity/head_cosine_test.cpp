#include "similarity/head_cosine.h"

#include <cmath>

#include "model/small_models.h"
#include "test.hpp"

namespace vitlab::similarity {

namespace {

at::Tensor one_hot(graph::Index images, graph::Index heads, graph::Index length) {
  at::Tensor maps = at::zeros({images, heads, length});
  for (graph::Index head = 0; head < heads; ++head) maps.select(1, head).select(1, head).fill_(1);
  return maps;
}

/// The three reductions of all images, averaged.
std::array<double, kHeadReductions> averages(
    const std::array<std::vector<double>, kHeadReductions>& values) {
  std::array<double, kHeadReductions> means{};
  for (std::size_t r = 0; r < kHeadReductions; ++r)
    for (const double value : values[r]) means[r] += value / static_cast<double>(values[r].size());
  return means;
}

HeadCosines cosines_of(const at::Tensor& maps, graph::Index windows = 1) {
  HeadCosines cosines(windows);
  cosines.add(maps);
  cosines.close();
  return cosines;
}

}  // namespace

TEST_CASE("identical heads have cosine 1, orthogonal ones 0") {
  const at::Tensor map = model::gaussian({5, 1, 6, 6}, 1).abs();
  const HeadCosines same = cosines_of(map.expand({5, 3, 6, 6}));
  for (const double value : averages(same.raw().values)) CHECK(value == Approx(1));
  const HeadCosines apart = cosines_of(one_hot(5, 3, 9));
  for (const double value : averages(apart.raw().values)) CHECK(value == Approx(0).margin(1e-12));
}

TEST_CASE("the reductions of a matrix counted by hand") {
  // s01 = .5, s02 = .25, s12 = .75
  const std::vector<double> s{1, .5, .25, .5, 1, .75, .25, .75, 1};
  const auto& rows = head_reductions();
  CHECK(rows[0].name == "max_max");
  CHECK(rows[0].reduce(s.data(), 3) == .75);
  CHECK(rows[1].name == "mean_max");
  CHECK(rows[1].reduce(s.data(), 3) == Approx((.5 + .75 + .75) / 3));
  CHECK(rows[2].name == "mean_mean");
  CHECK(rows[2].reduce(s.data(), 3) == Approx(.5));
}

TEST_CASE("reductions are ordered, and equal for two heads") {
  const HeadCosines four = cosines_of(model::gaussian({7, 4, 5, 5}, 2).abs());
  for (std::size_t image = 0; image < 7; ++image) {
    CHECK(four.raw().values[0][image] >= four.raw().values[1][image]);
    CHECK(four.raw().values[1][image] >= four.raw().values[2][image]);
  }
  const HeadCosines two = cosines_of(model::gaussian({7, 2, 5, 5}, 3).abs());
  for (std::size_t image = 0; image < 7; ++image) {
    CHECK(two.raw().values[0][image] == Approx(two.raw().values[2][image]));
    CHECK(two.raw().values[1][image] == Approx(two.raw().values[2][image]));
  }
}

TEST_CASE("the scale of a head does not matter and a head of zeros resembles none") {
  at::Tensor maps = model::gaussian({3, 3, 8}, 4).abs();
  const auto before = averages(cosines_of(maps).raw().values);
  maps.select(1, 1).mul_(1e-6);
  const auto after = averages(cosines_of(maps).raw().values);
  for (std::size_t r = 0; r < kHeadReductions; ++r) CHECK(after[r] == Approx(before[r]));
  at::Tensor dead = at::zeros({3, 2, 8});
  dead.select(1, 0).fill_(1);
  for (const double value : averages(cosines_of(dead).raw().values)) CHECK(value == 0);
}

TEST_CASE("all windows of an image count as one map") {
  // Window 0 of both heads agrees, window 1 is orthogonal: half the squared length agrees.
  at::Tensor maps = at::zeros({2, 2, 4});
  maps[0][0][0] = maps[0][1][0] = maps[1][0][1] = maps[1][1][2] = 1;
  const HeadCosines together = cosines_of(maps, 2);
  REQUIRE(together.raw().values[0].size() == 1);
  CHECK(together.raw().values[0][0] == Approx(0.5));
  CHECK(together.raw().null_values[0].empty());
  const HeadCosines separate = cosines_of(maps, 1);
  CHECK(separate.raw().values[0] == std::vector<double>{1, 0});
}

TEST_CASE("how images are batched changes nothing") {
  const at::Tensor maps = model::gaussian({9 * 2, 3, 4, 4}, 5).abs();
  const HeadCosines whole = cosines_of(maps, 2);
  for (const graph::Index batch : {1, 2, 4}) {
    HeadCosines parts(2);
    for (graph::Index i = 0; i < 9; i += batch)
      parts.add(maps.narrow(0, 2 * i, 2 * std::min(batch, 9 - i)));
    parts.close();
    for (std::size_t r = 0; r < kHeadReductions; ++r) {
      REQUIRE(parts.raw().values[r].size() == 9);
      REQUIRE(parts.raw().null_values[r].size() == 9);
      for (std::size_t i = 0; i < 9; ++i) {
        CHECK(parts.raw().values[r][i] == Approx(whole.raw().values[r][i]).epsilon(1e-12));
        CHECK(averages(parts.raw().null_values)[r] ==
              Approx(averages(whole.raw().null_values)[r]).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("what only heads of the same image share lies above the null") {
  // Each image has its own pattern, which all of its heads repeat with some noise.
  const at::Tensor pattern = model::gaussian({40, 1, 64}, 6).abs().pow(2);
  const at::Tensor maps = pattern + 0.3 * model::gaussian({40, 4, 64}, 7).abs();
  const HeadCosines cosines = cosines_of(maps);
  const auto values = averages(cosines.raw().values), null = averages(cosines.raw().null_values);
  for (std::size_t r = 0; r < kHeadReductions; ++r) CHECK(values[r] > null[r] + 0.2);
  // Heads that differ in the same way in every image are no more alike than the null.
  const at::Tensor fixed = model::gaussian({1, 4, 64}, 8).abs().expand({40, 4, 64});
  const HeadCosines constant = cosines_of(fixed);
  for (std::size_t r = 0; r < kHeadReductions; ++r)
    CHECK(averages(constant.raw().values)[r] == Approx(averages(constant.raw().null_values)[r]));
}

}  // namespace vitlab::similarity
