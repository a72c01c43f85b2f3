#include "stats/sign_flip.h"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "core/random.h"
#include "stats/normal.h"
#include "test.hpp"

namespace vitlab::stats {
namespace {

const std::vector<double> kDifferences{0.3, -0.1, 0.5, 0.2, 0.7, -0.2, 0.4, 0.1};

std::vector<double> normals(core::Random& random, std::size_t count, double shift) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(shift + random.normal());
  return values;
}

TEST_CASE("the exact sign-flip test agrees with SciPy, ties included", "[stats]") {
  // scipy.stats.permutation_test((d,), numpy.mean, permutation_type="samples", exact)
  CHECK(sign_flip_p_value(kDifferences) == 0.0859375);
  CHECK(sign_flip_p_value(std::vector<double>{1, 1, 1, 1, 1, -1}) == 0.21875);
}

TEST_CASE("signs, units and order do not change the p-value", "[stats]") {
  std::vector<double> other(kDifferences.rbegin(), kDifferences.rend());
  for (double& value : other) value *= -7.3;
  CHECK(sign_flip_p_value(other) == sign_flip_p_value(kDifferences));
  CHECK(sampled_sign_flip_p_value(kDifferences, 500, 1) ==
        sampled_sign_flip_p_value({std::vector<double>(kDifferences.rbegin(), kDifferences.rend())},
                                  500, 1));
}

TEST_CASE("blocks that all agree reach the smallest p, and no data reaches less", "[stats]") {
  for (std::size_t n = 1; n <= 16; ++n) {
    std::vector<double> agreeing;
    for (std::size_t i = 0; i < n; ++i) agreeing.push_back(1.0 + 0.1 * static_cast<double>(i));
    CHECK(sign_flip_p_value(agreeing) == smallest_sign_flip_p(static_cast<std::int64_t>(n)));
  }
  CHECK(smallest_sign_flip_p(0) == 1);
  CHECK(smallest_sign_flip_p(3) == 0.25);
  CHECK(smallest_sign_flip_p(6) == 0.03125);
}

TEST_CASE("differences of zero have p = 1", "[stats]") {
  CHECK(sign_flip_p_value(std::vector<double>{0, 0, 0}) == 1);
  CHECK(sampled_sign_flip_p_value(std::vector<double>{0, 0, 0}, 100, 1) == 1);
}

TEST_CASE("sampling comes near the enumeration", "[stats]") {
  CHECK(sampled_sign_flip_p_value(kDifferences, 40000, 9) == Approx(0.0859375).margin(0.006));
}

TEST_CASE("the test rejects a true null as rarely as it says", "[stats]") {
  core::Random random(31);
  int rejected = 0;
  for (int run = 0; run < 2000; ++run) {
    rejected += sign_flip_p_value(normals(random, 8, 0)) <= 0.05 ? 1 : 0;
  }
  CHECK(rejected <= 130);  // 100 expected at most, 3 deviations above
  CHECK(rejected >= 50);
}

TEST_CASE("the blocks said to settle an effect settle it with the asked power", "[stats]") {
  const auto needed = blocks_needed(1.0, 1.0);
  REQUIRE(needed);
  CHECK(*needed == 10);  // ceil((1.95996 + 0.84162)^2 + 1.95996^2 / 2) = ceil(9.77)
  core::Random random(32);
  int settled = 0;
  for (int run = 0; run < 1000; ++run) {
    settled +=
        sign_flip_p_value(normals(random, static_cast<std::size_t>(*needed), 1)) <= 0.05 ? 1 : 0;
  }
  CHECK(settled >= 760);
  CHECK(settled <= 900);
}

TEST_CASE("blocks needed grow with the noise and never undercut the exact test", "[stats]") {
  CHECK(blocks_needed(1.0, 0.0) == 6);  // 2^(1-6) is the first p below 0.05
  CHECK(blocks_needed(1.0, 0.0, {.alpha = 0.125, .power = 0.8}) == 4);
  CHECK(*blocks_needed(1.0, 2.0) > *blocks_needed(1.0, 1.5));
  CHECK(blocks_needed(-1.0, 1.0) == blocks_needed(1.0, 1.0));
  CHECK(*blocks_needed(0.01, 1.0, {.alpha = 0.05, .power = 0.8}) == 78491);
}

TEST_CASE("an effect of zero or of one block cannot be planned for", "[stats]") {
  CHECK_FALSE(blocks_needed(0.0, 1.0));
  CHECK_FALSE(blocks_needed(1e-9, 1.0));
  CHECK_FALSE(blocks_needed(1.0, std::numeric_limits<double>::quiet_NaN()));
  CHECK_FALSE(blocks_needed(std::vector<double>{0.4}));
  CHECK(blocks_needed(std::vector<double>{1.0, 1.1, 0.9}) == 6);
}

TEST_CASE("the exact test refuses what it cannot enumerate", "[stats]") {
  CHECK_THROWS_AS(sign_flip_p_value(std::vector<double>(21, 1.0)), std::logic_error);
  CHECK_THROWS_AS(sign_flip_p_value(std::vector<double>{}), std::logic_error);
  CHECK(sampled_sign_flip_p_value(std::vector<double>(70, 1.0), 999, 2) == Approx(0.001));
}

}  // namespace
}  // namespace vitlab::stats
