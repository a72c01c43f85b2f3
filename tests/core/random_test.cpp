#include "core/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "test.hpp"

using namespace vitlab;
using namespace vitlab::core;

namespace {

/// Mean and variance of `draws` values.
template <typename Draw>
std::pair<double, double> moments(Draw draw, int draws = 200'000) {
  double sum = 0, squares = 0;
  for (int i = 0; i < draws; ++i) {
    const double value = draw();
    sum += value;
    squares += value * value;
  }
  const double mean = sum / draws;
  return {mean, squares / draws - mean * mean};
}

}  // namespace

TEST_CASE("the numbers of a seed never change") {
  Random random(42);
  CHECK(random.next() == 0x15780b2e0c2ec716);
  CHECK(random.next() == 0x6104d9866d113a7e);
  CHECK(random.next() == 0xae17533239e499a1);
  CHECK(random.below(1000) == 193);
  CHECK(random.uniform() == 0.9918039142821028);
  CHECK(random.normal() == Approx(-0.3289716192061914).epsilon(1e-12));
  CHECK(random.gamma(2.5) == Approx(2.377923408337159).epsilon(1e-12));
  CHECK(Random(5).permutation(8) == std::vector<std::int64_t>{5, 2, 4, 7, 3, 6, 0, 1});
}

TEST_CASE("equal seeds give equal streams, others differ") {
  Random a(1), b(1), c(2);
  int equal = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t value = a.next();
    CHECK(value == b.next());
    equal += value == c.next();
  }
  CHECK(equal == 0);
}

TEST_CASE("uniform numbers fill [0, 1) evenly") {
  Random random(1);
  std::vector<int> bins(20);
  for (int i = 0; i < 200'000; ++i) {
    const double value = random.uniform();
    REQUIRE(value >= 0.0);
    REQUIRE(value < 1.0);
    ++bins[static_cast<std::size_t>(value * 20)];
  }
  double chi = 0;
  for (const int bin : bins) chi += std::pow(bin - 10'000.0, 2) / 10'000.0;
  CHECK(chi < 43.8);  // 99.9 % point with 19 degrees of freedom
  for (int i = 0; i < 1000; ++i) {
    const double value = random.uniform(-3.0, 5.0);
    CHECK((value >= -3.0 && value < 5.0));
  }
}

TEST_CASE("bounded numbers are even for bounds that do not divide 2^64") {
  Random random(2);
  std::vector<int> bins(7);
  for (int i = 0; i < 70'000; ++i) ++bins[random.below(7)];
  for (const int bin : bins) CHECK(bin == Approx(10'000).margin(400));
  for (int i = 0; i < 100; ++i) CHECK(random.below(1) == 0);
  // A modulo without refusal would fall below half in two thirds of the draws.
  const std::uint64_t bound = (std::uint64_t{3} << 62);
  int low = 0;
  for (int i = 0; i < 10'000; ++i) low += random.below(bound) < bound / 2;
  CHECK(low == Approx(5000).margin(250));
  CHECK_THROWS_AS(random.below(0), std::logic_error);
}

TEST_CASE("normal, gamma and beta have their moments") {
  Random random(3);
  const auto normal = moments([&] { return random.normal(); });
  CHECK(normal.first == Approx(0).margin(0.01));
  CHECK(normal.second == Approx(1).margin(0.02));
  for (const double shape : {0.1, 0.5, 1.0, 4.0, 30.0}) {
    const auto gamma = moments([&] { return random.gamma(shape); });
    CHECK(gamma.first == Approx(shape).epsilon(0.03));
    CHECK(gamma.second == Approx(shape).epsilon(0.06));
  }
  for (const auto& [a, b] : {std::pair(0.2, 0.2), std::pair(1.0, 1.0), std::pair(2.0, 5.0)}) {
    const auto beta = moments([&, a = a, b = b] { return random.beta(a, b); });
    CHECK(beta.first == Approx(a / (a + b)).epsilon(0.02));
    CHECK(beta.second == Approx(a * b / ((a + b) * (a + b) * (a + b + 1))).epsilon(0.03));
  }
}

TEST_CASE("a beta of tiny shapes is a coin, never NaN") {
  Random random(4);
  const auto coin = moments([&] { return random.beta(1e-5, 3e-5); }, 20'000);
  CHECK(coin.first == Approx(0.25).margin(0.02));
  CHECK_THROWS_AS(random.gamma(0.0), std::logic_error);
  CHECK_THROWS_AS(random.gamma(std::nan("")), std::logic_error);
}

TEST_CASE("a permutation holds each index once and every order is as likely") {
  Random random(5);
  for (const std::int64_t n : {0, 1, 2, 100}) {
    std::vector<std::int64_t> order = random.permutation(n);
    std::sort(order.begin(), order.end());
    std::vector<std::int64_t> expected(static_cast<std::size_t>(n));
    std::iota(expected.begin(), expected.end(), 0);
    CHECK(order == expected);
  }
  std::vector<int> counts(27);
  for (int i = 0; i < 60'000; ++i) {
    const auto order = random.permutation(3);
    ++counts[static_cast<std::size_t>(order[0] * 9 + order[1] * 3 + order[2])];
  }
  CHECK(std::count(counts.begin(), counts.end(), 0) == 21);
  for (const int count : counts) CHECK((count == 0 || std::abs(count - 10'000) < 400));
}
