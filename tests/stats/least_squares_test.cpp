#include "stats/least_squares.h"

#include <cmath>
#include <stdexcept>

#include "core/random.h"
#include "stats/cholesky.h"
#include "test.hpp"

namespace vitlab::stats {
namespace {

using Rows = std::vector<std::vector<double>>;

const Rows kRows{{1, 2}, {2, 1}, {3, 4}, {4, 3.5}, {5, 7}, {6, 5}, {7, 8.5}, {8, 6}};
const std::vector<double> kTargets{3.1, 3.9, 8.2, 9.0, 13.5, 12.8, 18.1, 17.0};

TEST_CASE("ordinary least squares agrees with scikit-learn", "[stats]") {
  // LinearRegression; cross_val_predict(LeaveOneOut()) for the last
  const LinearModel model = fit_linear(kRows, kTargets);
  CHECK(model.intercept == Approx(-0.027972258916777903));
  CHECK(model.coefficients[0] == Approx(1.404821664464993));
  CHECK(model.coefficients[1] == Approx(0.9527080581241751));
  CHECK(model.r2 == Approx(0.9985844454667644));
  CHECK(model.leave_one_out_r2 == Approx(0.9965566887759688));
}

TEST_CASE("ridge regression agrees with scikit-learn on standardised features", "[stats]") {
  const LinearModel model = fit_linear(kRows, kTargets, 2.0);  // Ridge(alpha=2)
  CHECK(model.intercept == Approx(1.259088667807525));
  CHECK(model.coefficients[0] == Approx(1.1339791745221457));
  CHECK(model.coefficients[1] == Approx(0.9379470371552044));
  CHECK(model.leave_one_out_r2 == Approx(0.9567455084307762));
}

TEST_CASE("a planted line is found exactly, whatever the units", "[stats]") {
  core::Random random(71);
  Rows rows;
  std::vector<double> targets;
  for (int i = 0; i < 30; ++i) {
    rows.push_back({1e6 * random.normal(), random.normal(), 1e-3 * random.normal()});
    targets.push_back(5 + 2e-6 * rows.back()[0] - rows.back()[1] + 3e3 * rows.back()[2]);
  }
  const LinearModel model = fit_linear(rows, targets);
  CHECK(model.coefficients[0] == Approx(2e-6));
  CHECK(model.coefficients[1] == Approx(-1));
  CHECK(model.coefficients[2] == Approx(3e3));
  CHECK(model.leave_one_out_r2 == Approx(1));
  CHECK(predict(model, std::vector<double>{0, 0, 0}) == Approx(5));
}

TEST_CASE("noise fits itself but not what was left out", "[stats]") {
  core::Random random(72);
  Rows rows;
  std::vector<double> targets;
  for (int i = 0; i < 14; ++i) {
    rows.emplace_back();
    for (int j = 0; j < 9; ++j) rows.back().push_back(random.normal());
    targets.push_back(random.normal());
  }
  const LinearModel model = fit_linear(rows, targets);
  CHECK(model.r2 > 0.4);
  CHECK(model.leave_one_out_r2 < 0);
}

TEST_CASE("constant and repeated features get no coefficient", "[stats]") {
  Rows rows;
  for (const auto& row : kRows) rows.push_back({row[0], 7.0, 2 * row[0] + 1, row[1]});
  const LinearModel model = fit_linear(rows, kTargets);
  CHECK(model.coefficients[0] == Approx(1.404821664464993));
  CHECK(model.coefficients[1] == 0);
  CHECK(model.coefficients[2] == 0);
  CHECK(model.coefficients[3] == Approx(0.9527080581241751));
}

TEST_CASE("constant targets and saturated fits have no score", "[stats]") {
  CHECK(std::isnan(fit_linear(kRows, std::vector<double>(8, 1.0)).r2));
  const Rows two{{1}, {2}};
  CHECK(std::isnan(fit_linear(two, std::vector<double>{1, 5}).leave_one_out_r2));
  CHECK(predict(fit_linear(Rows{{}, {}}, std::vector<double>{1, 5}), {}) == Approx(3));
}

TEST_CASE("fits of nothing break a promise", "[stats]") {
  CHECK_THROWS_AS(fit_linear(Rows{}, std::vector<double>{}), std::logic_error);
  CHECK_THROWS_AS(fit_linear(Rows{{1}, {1, 2}}, std::vector<double>{1, 2}), std::logic_error);
  CHECK_THROWS_AS(fit_linear(kRows, kTargets, -1), std::logic_error);
}

TEST_CASE("a Cholesky factor solves its system and refuses a dependent row", "[stats]") {
  Cholesky factor;
  CHECK(factor.append(std::vector<double>{4}));
  CHECK_FALSE(factor.append(std::vector<double>{8, 16}));
  CHECK(factor.append(std::vector<double>{2, 5}));
  const std::vector<double> x = factor.solve(std::vector<double>{10, 13});
  CHECK(4 * x[0] + 2 * x[1] == Approx(10));
  CHECK(2 * x[0] + 5 * x[1] == Approx(13));
}

}  // namespace
}  // namespace vitlab::stats
