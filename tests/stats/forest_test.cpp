#include "stats/forest.h"

#include <cmath>
#include <stdexcept>

#include "core/random.h"
#include "test.hpp"

namespace vitlab::stats {
namespace {

using Rows = std::vector<std::vector<double>>;

struct Sampled {
  Rows rows;
  std::vector<double> targets;
};

Sampled curve(std::size_t count, double noise, std::uint64_t seed) {
  core::Random random(seed);
  Sampled sampled;
  for (std::size_t i = 0; i < count; ++i) {
    sampled.rows.push_back({random.uniform(), random.uniform()});
    const auto& row = sampled.rows.back();
    sampled.targets.push_back(std::sin(6 * row[0]) + row[1] + noise * random.normal());
  }
  return sampled;
}

TEST_CASE("a forest learns a curve and knows how well", "[stats]") {
  const Sampled seen = curve(300, 0.1, 111);
  const Forest forest = fit_forest(seen.rows, seen.targets);
  CHECK(forest.trees.size() == 64);
  const Sampled unseen = curve(300, 0.1, 112);
  double error = 0;
  double total = 0;
  for (std::size_t i = 0; i < unseen.rows.size(); ++i) {
    const double miss = unseen.targets[i] - predict(forest, unseen.rows[i]);
    error += miss * miss;
    total += (unseen.targets[i] - 0.5) * (unseen.targets[i] - 0.5);
  }
  CHECK(forest.out_of_bag_r2 > 0.85);
  CHECK(forest.out_of_bag_r2 == Approx(1 - error / total).margin(0.08));
}

TEST_CASE("a forest of noise admits that it knows nothing", "[stats]") {
  Sampled noise = curve(120, 0, 113);
  core::Random random(114);
  for (double& target : noise.targets) target = random.normal();
  CHECK(fit_forest(noise.rows, noise.targets).out_of_bag_r2 < 0.1);
}

TEST_CASE("row order does not change a forest and the seed does", "[stats]") {
  const Sampled seen = curve(80, 0.1, 115);
  const Rows rows(seen.rows.rbegin(), seen.rows.rend());
  const std::vector<double> targets(seen.targets.rbegin(), seen.targets.rend());
  const Forest first = fit_forest(seen.rows, seen.targets, {.seed = 2});
  const Forest again = fit_forest(rows, targets, {.seed = 2});
  const Forest other = fit_forest(rows, targets, {.seed = 3});
  CHECK(first.out_of_bag_r2 == again.out_of_bag_r2);
  CHECK(predict(first, rows[5]) == predict(again, rows[5]));
  CHECK(first.out_of_bag_r2 != other.out_of_bag_r2);
}

TEST_CASE("a forest stays inside the targets, and depth 0 is their mean", "[stats]") {
  const Sampled seen = curve(60, 0.1, 116);
  const Forest forest = fit_forest(seen.rows, seen.targets);
  CHECK(predict(forest, std::vector<double>{100, 100}) <= 2.5);
  const Forest stump = fit_forest(seen.rows, seen.targets, {.trees = 8, .depth = 0});
  for (const Tree& tree : stump.trees) CHECK(tree.size() == 1);
}

TEST_CASE("leaves are as large as asked", "[stats]") {
  const Sampled seen = curve(64, 0.1, 117);
  const auto leaves = [&](std::int64_t smallest) {
    std::size_t count = 0;
    for (const Tree& tree :
         fit_forest(seen.rows, seen.targets, {.smallest_leaf = smallest}).trees) {
      std::size_t of_tree = 0;
      for (const TreeNode& node : tree) of_tree += node.is_leaf() ? 1 : 0;
      count = std::max(count, of_tree);
    }
    return count;
  };
  CHECK(leaves(16) <= 4);
  CHECK(leaves(2) > 16);
}

TEST_CASE("constant targets give a forest without a score", "[stats]") {
  const Sampled seen = curve(20, 0, 118);
  const Forest forest = fit_forest(seen.rows, std::vector<double>(20, 3.0));
  CHECK(predict(forest, seen.rows[0]) == 3.0);
  CHECK(std::isnan(forest.out_of_bag_r2));
}

TEST_CASE("a forest of nothing breaks a promise", "[stats]") {
  CHECK_THROWS_AS(fit_forest(Rows{}, std::vector<double>{}), std::logic_error);
  CHECK_THROWS_AS(fit_forest(Rows{{}}, std::vector<double>{1}), std::logic_error);
  CHECK_THROWS_AS(fit_forest(Rows{{1}, {2, 3}}, std::vector<double>{1, 2}), std::logic_error);
  CHECK_THROWS_AS(fit_forest(Rows{{1}}, std::vector<double>{1}, {.trees = 0}), std::logic_error);
}

}  // namespace
}  // namespace vitlab::stats
