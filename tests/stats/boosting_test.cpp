#include "stats/boosting.h"

#include <cmath>

#include "core/random.h"
#include "stats/nonnegative.h"
#include "test.hpp"

namespace vitlab::stats {
namespace {

struct Drawn {
  std::vector<std::vector<double>> rows;
  std::vector<double> targets, weights;
};

double planted(const std::vector<double>& x) {
  return std::sin(4 * x[0]) + (x[1] > 0.3 ? x[2] : 0);
}

Drawn drawn_rows(std::size_t count, std::uint64_t seed) {
  core::Random random(seed);
  Drawn drawn;
  for (std::size_t i = 0; i < count; ++i) {
    drawn.rows.push_back({random.uniform(), random.uniform(), random.uniform(), random.uniform()});
    drawn.targets.push_back(planted(drawn.rows.back()) + 0.02 * random.normal());
    drawn.weights.push_back(random.uniform(0.5, 2));
  }
  return drawn;
}

TEST_CASE("boosted trees learn a function from its values, the same way each time") {
  const Drawn train = drawn_rows(1500, 1), test = drawn_rows(300, 2);
  const BoostedTrees model = fit_boosted(train.rows, train.targets, train.weights);
  double squared = 0;
  for (const auto& row : test.rows) squared += std::pow(predict(model, row) - planted(row), 2);
  CHECK(std::sqrt(squared / 300) < 0.1);
  const BoostedTrees again = fit_boosted(train.rows, train.targets, train.weights);
  CHECK(predict(again, test.rows[0]) == predict(model, test.rows[0]));
  BoostSettings other;
  other.seed = 1;
  const BoostedTrees differs = fit_boosted(train.rows, train.targets, train.weights, other);
  CHECK(predict(differs, test.rows[0]) != predict(model, test.rows[0]));
}

TEST_CASE("boosted trees of few or constant rows give their weighted mean") {
  const std::vector<std::vector<double>> one{{3}};
  const std::vector<double> target{7}, weight{1};
  const BoostedTrees single = fit_boosted(one, target, weight);
  CHECK(single.trees.empty());
  CHECK(predict(single, std::vector<double>{9}) == Approx(7));
  const std::vector<std::vector<double>> two{{3}, {4}};
  CHECK(predict(fit_boosted(two, std::vector<double>{1, 4}, std::vector<double>{2, 1}), two[0]) ==
        Approx(2));
}

TEST_CASE("a nonnegative fit finds planted rates and never goes below zero") {
  core::Random random(4);
  for (int draw = 0; draw < 30; ++draw) {
    std::vector<std::vector<double>> rows;
    std::vector<double> targets, weights;
    const std::vector<double> truth{random.uniform(0, 2), 0, random.uniform(0, 1e-9)};
    for (int i = 0; i < 50; ++i) {
      rows.push_back({1, random.uniform(), random.uniform(0, 1e9)});
      targets.push_back(truth[0] + truth[2] * rows.back()[2] - (draw % 2) * 0.3 * rows.back()[1]);
      weights.push_back(random.uniform(0.1, 1));
    }
    const std::vector<double> fit = fit_nonnegative(rows, targets, weights);
    for (const double x : fit) CHECK(x >= 0);
    if (draw % 2 == 1) {
      CHECK(fit[1] == 0);
    } else {
      CHECK(fit[0] == Approx(truth[0]).margin(1e-6));
      CHECK(fit[2] == Approx(truth[2]).margin(1e-15));
    }
  }
}

}  // namespace
}  // namespace vitlab::stats
