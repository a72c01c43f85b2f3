#include "stats/multiplicity.h"

#include <stdexcept>

#include "core/random.h"
#include "test.hpp"

namespace vitlab::stats {
namespace {

TEST_CASE("adjusted p-values agree with SciPy", "[stats]") {
  // scipy.stats.false_discovery_control
  const std::vector<double> adjusted =
      benjamini_hochberg(std::vector<double>{0.01, 0.04, 0.03, 0.005, 0.5, 0.04, 0.9});
  const std::vector<double> expected{0.035, 0.056, 0.056, 0.035, 0.5833333333333334, 0.056, 0.9};
  REQUIRE(adjusted.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(adjusted[i] == Approx(expected[i]));
}

TEST_CASE("adjusting never lowers a p-value nor swaps two", "[stats]") {
  core::Random random(41);
  std::vector<double> p_values;
  for (int i = 0; i < 50; ++i) p_values.push_back(random.uniform());
  const std::vector<double> adjusted = benjamini_hochberg(p_values);
  for (std::size_t i = 0; i < p_values.size(); ++i) {
    CHECK(adjusted[i] >= p_values[i]);
    CHECK(adjusted[i] <= 1);
    for (std::size_t j = 0; j < p_values.size(); ++j) {
      if (p_values[i] < p_values[j]) CHECK(adjusted[i] <= adjusted[j]);
    }
  }
}

TEST_CASE("one p-value stays, none give none, and no probability is refused", "[stats]") {
  CHECK(benjamini_hochberg(std::vector<double>{0.2}) == std::vector<double>{0.2});
  CHECK(benjamini_hochberg(std::vector<double>{}).empty());
  CHECK_THROWS_AS(benjamini_hochberg(std::vector<double>{1.2}), std::logic_error);
}

}  // namespace
}  // namespace vitlab::stats
