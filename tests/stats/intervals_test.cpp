#include "stats/intervals.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/random.h"
#include "stats/summary.h"
#include "test.hpp"

namespace vitlab::stats {
namespace {

const std::vector<double> kLeft{1.2, 3.4, 2.2, 5.9, 4.1, 2.8, 3.3, 0.4, 7.7, 2.5, 3.1, 1.9};
const std::vector<double> kRight{1.0, 3.1, 2.5, 5.0, 4.0, 2.2, 3.0, 0.5, 6.1, 2.6, 2.9, 1.7};

TEST_CASE("Wilson's interval agrees with SciPy", "[stats]") {
  // scipy.stats.binomtest(k, n).proportion_ci(confidence, "wilson")
  CHECK(wilson_interval(7, 10).low == Approx(0.39677814746114526));
  CHECK(wilson_interval(7, 10).high == Approx(0.892208732593699));
  CHECK(wilson_interval(823, 1000).low == Approx(0.7981212935038731));
  CHECK(wilson_interval(823, 1000).high == Approx(0.8454066205144581));
  CHECK(wilson_interval(45, 50, 0.9).low == Approx(0.8084624858484292));
  CHECK(wilson_interval(0, 10).low == 0);
  CHECK(wilson_interval(0, 10).high == Approx(0.27753279986288926));
  CHECK(wilson_interval(10, 10).low == Approx(0.7224672001371109));
  CHECK(wilson_interval(10, 10).high == 1);
}

TEST_CASE("Wilson's interval covers the true share about as often as it says", "[stats]") {
  core::Random random(11);
  int covered = 0;
  for (int run = 0; run < 2000; ++run) {
    std::int64_t hits = 0;
    for (int i = 0; i < 60; ++i) hits += random.uniform() < 0.85 ? 1 : 0;
    covered += wilson_interval(hits, 60).contains(0.85) ? 1 : 0;
  }
  CHECK(covered >= 1860);
  CHECK(covered <= 1960);
}

TEST_CASE("bootstrap intervals agree with SciPy's percentile method", "[stats]") {
  // scipy.stats.bootstrap(method="percentile", n_resamples=200000); the margin is sampling noise
  const BootstrapSettings settings{.draws = 40000, .seed = 5};
  const Estimate of_mean = bootstrap_mean(kLeft, settings);
  CHECK(of_mean.value == Approx(mean(kLeft)));
  CHECK(of_mean.low == Approx(2.2083333333333335).margin(0.04));
  CHECK(of_mean.high == Approx(4.3583333333333325).margin(0.04));
  const Estimate of_median = bootstrap_median(kLeft, settings);
  CHECK(of_median.low == Approx(2.05).margin(0.051));
  CHECK(of_median.high == Approx(3.75).margin(0.051));
}

TEST_CASE("the same seed gives the same bytes, in any order of the values", "[stats]") {
  std::vector<double> shuffled = kLeft;
  std::rotate(shuffled.begin(), shuffled.begin() + 5, shuffled.end());
  const Estimate first = bootstrap_median(kLeft, {.draws = 500, .seed = 3});
  const Estimate again = bootstrap_median(shuffled, {.draws = 500, .seed = 3});
  CHECK(first.low == again.low);
  CHECK(first.high == again.high);
  CHECK(bootstrap_mean(kLeft, {.draws = 500, .seed = 3}).low !=
        bootstrap_mean(kLeft, {.draws = 500, .seed = 4}).low);

  const std::vector<std::vector<double>> blocks{{1, 2}, {4, 3, 5}, {0, 7}};
  const std::vector<std::vector<double>> moved{{5, 4, 3}, {7, 0}, {2, 1}};
  CHECK(cluster_bootstrap_mean(blocks, {.draws = 500}).low ==
        cluster_bootstrap_mean(moved, {.draws = 500}).low);
}

TEST_CASE("a cluster interval covers the mean although few blocks share their noise", "[stats]") {
  for (const std::size_t count : {5U, 12U}) {
    core::Random random(21);
    int covered = 0;
    int naive = 0;
    for (int run = 0; run < 300; ++run) {
      std::vector<std::vector<double>> blocks(count);
      std::vector<double> pooled;
      for (auto& block : blocks) {
        const double height = random.normal();
        for (int seed = 0; seed < 3; ++seed) block.push_back(height + 0.3 * random.normal());
        pooled.insert(pooled.end(), block.begin(), block.end());
      }
      const Estimate estimate = cluster_bootstrap_mean(blocks, {.draws = 1000});
      covered += Interval{estimate.low, estimate.high}.contains(0) ? 1 : 0;
      const Estimate flat = bootstrap_mean(pooled, {.draws = 300});
      naive += Interval{flat.low, flat.high}.contains(0) ? 1 : 0;
    }
    INFO(count << " blocks");
    CHECK(covered >= 270);  // 90 % of 300, for a nominal 95 %
    CHECK(naive < 255);     // what ignoring the blocks would claim
  }
}

TEST_CASE("a plain bootstrap of the mean covers it", "[stats]") {
  core::Random random(22);
  int covered = 0;
  for (int run = 0; run < 300; ++run) {
    std::vector<double> values;
    for (int i = 0; i < 40; ++i) values.push_back(random.normal());
    const Estimate estimate = bootstrap_mean(values, {.draws = 400});
    covered += Interval{estimate.low, estimate.high}.contains(0) ? 1 : 0;
  }
  CHECK(covered >= 270);
  CHECK(covered < 300);
}

TEST_CASE("one block says nothing about blocks", "[stats]") {
  const std::vector<std::vector<double>> blocks{{1, 2, 3}};
  const Estimate estimate = cluster_bootstrap_mean(blocks);
  CHECK(estimate.value == Approx(2));
  CHECK(std::isnan(estimate.low));
  CHECK_FALSE(estimate.is_off_zero());
}

TEST_CASE("draws without a value are left out of an interval", "[stats]") {
  const auto never = [](std::span<const std::size_t>) { return std::nan(""); };
  CHECK(std::isnan(bootstrap_rows(4, never, {.draws = 10}).low));
}

TEST_CASE("impossible requests for intervals break a promise", "[stats]") {
  CHECK_THROWS_AS(wilson_interval(3, 0), std::logic_error);
  CHECK_THROWS_AS(wilson_interval(4, 3), std::logic_error);
  CHECK_THROWS_AS(bootstrap_mean(std::vector<double>{}), std::logic_error);
  CHECK_THROWS_AS(bootstrap_mean(kLeft, {.draws = 0}), std::logic_error);
  CHECK_THROWS_AS(bootstrap_mean(kLeft, {.confidence = 1}), std::logic_error);
  CHECK_THROWS_AS(cluster_bootstrap_mean(std::vector<std::vector<double>>{}), std::logic_error);
}

}  // namespace
}  // namespace vitlab::stats
