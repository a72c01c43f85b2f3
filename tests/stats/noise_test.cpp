#include "stats/noise.h"

#include <stdexcept>
#include <vector>

#include "core/random.h"
#include "test.hpp"

namespace vitlab::stats {
namespace {

std::vector<double> timings(std::size_t count, double spread, double drift, std::uint64_t seed) {
  core::Random random(seed);
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) {
    const double progress = static_cast<double>(i) / static_cast<double>(count);
    values.push_back(10 * (1 + drift * progress) * (1 + spread * random.normal()));
  }
  return values;
}

TEST_CASE("spread and slope agree with SciPy", "[stats]") {
  const std::vector<double> values{5.0, 5.1, 4.9, 5.2, 5.3, 5.25, 5.5, 5.4, 5.8, 5.6};
  CHECK(relative_iqr(values) == Approx(0.06635071090047386));     // scipy.stats.iqr / numpy.median
  CHECK(theil_sen_slope(values) == Approx(0.08000000000000007));  // scipy.stats.theilslopes
  CHECK(half_drift(values) == Approx(5.5 / 5.1 - 1));
}

TEST_CASE("steady timings with a few outliers are steady", "[stats]") {
  std::vector<double> values = timings(200, 0.005, 0, 1);
  values[17] = 40;
  values[140] = 90;
  CHECK(judge_noise(values).is_steady());
}

TEST_CASE("a machine that slows down drifts, whatever its direction", "[stats]") {
  CHECK(judge_noise(timings(200, 0.005, 0.1, 2)).is_drifting);
  CHECK(judge_noise(timings(200, 0.005, -0.1, 3)).is_drifting);
  CHECK(judge_noise(timings(200, 0.005, 0.1, 2)).theil_sen_drift == Approx(0.1).epsilon(0.15));
}

TEST_CASE("wild timings are noisy and need not drift", "[stats]") {
  const NoiseVerdict verdict = judge_noise(timings(2000, 0.2, 0, 4));
  CHECK(verdict.is_noisy);
  CHECK_FALSE(verdict.is_drifting);
}

TEST_CASE("a long series has the slope of its every stretch", "[stats]") {
  std::vector<double> line;
  for (int i = 0; i < 4321; ++i) line.push_back(1 + 0.5 * i);
  CHECK(theil_sen_slope(line) == Approx(0.5).epsilon(1e-3));
}

TEST_CASE("few timings have no drift, and no timings no verdict", "[stats]") {
  CHECK(half_drift(std::vector<double>{1, 2, 3}) == 0);
  CHECK(theil_sen_slope(std::vector<double>{1}) == 0);
  CHECK_THROWS_AS(judge_noise(std::vector<double>{}), std::logic_error);
  CHECK_THROWS_AS(judge_noise(std::vector<double>{-1, 0}), std::logic_error);
}

}  // namespace
}  // namespace vitlab::stats
