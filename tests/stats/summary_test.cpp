#include "stats/summary.h"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "test.hpp"

namespace vitlab::stats {
namespace {

const std::vector<double> kValues{3.5, -1.25, 7.0, 2.0, 2.0, 11.5, 0.75, 4.25, 9.0, -3.0};

TEST_CASE("a summary agrees with NumPy and SciPy", "[stats]") {
  const Summary summary = summarise(kValues);
  CHECK(summary.count == 10);
  CHECK(summary.mean == Approx(3.575));                            // numpy.mean
  CHECK(summary.standard_deviation == Approx(4.520094025570707));  // numpy.std, ddof=1
  CHECK(summary.median == Approx(2.75));                           // numpy.median
  CHECK(summary.p5 == Approx(-2.2125));                            // numpy.quantile
  CHECK(summary.p25 == Approx(1.0625));
  CHECK(summary.p75 == Approx(6.3125));
  CHECK(summary.p95 == Approx(10.374999999999996));
  CHECK(summary.min == -3.0);
  CHECK(summary.max == 11.5);
  CHECK(summary.median_absolute_deviation == Approx(3.0));  // scipy.stats.median_abs_deviation
  CHECK(quantile(kValues, 0.333) == Approx(1.9962500000000003));
}

TEST_CASE("quantiles rise with the probability and end at the extremes", "[stats]") {
  CHECK(quantile(kValues, 0) == -3.0);
  CHECK(quantile(kValues, 1) == 11.5);
  double last = quantile(kValues, 0);
  for (int percent = 1; percent <= 100; ++percent) {
    const double next = quantile(kValues, percent / 100.0);
    CHECK(next >= last);
    last = next;
  }
}

TEST_CASE("the order of values does not change a byte of their summary", "[stats]") {
  std::vector<double> reversed(kValues.rbegin(), kValues.rend());
  CHECK(summarise(reversed).mean == summarise(kValues).mean);
  CHECK(summarise(reversed).standard_deviation == summarise(kValues).standard_deviation);
}

TEST_CASE("one value has no known spread", "[stats]") {
  const std::vector<double> one{4.0};
  CHECK(summarise(one).median == 4.0);
  CHECK(std::isnan(summarise(one).standard_deviation));
}

TEST_CASE("statistics of nothing or of NaN break a promise", "[stats]") {
  const std::vector<double> none;
  const std::vector<double> broken{1.0, std::numeric_limits<double>::quiet_NaN()};
  const std::vector<double> endless{1.0, std::numeric_limits<double>::infinity()};
  CHECK_THROWS_AS(summarise(none), std::logic_error);
  CHECK_THROWS_AS(mean(none), std::logic_error);
  CHECK_THROWS_AS(summarise(broken), std::logic_error);
  CHECK_THROWS_AS(mean(endless), std::logic_error);
  CHECK_THROWS_AS(quantile(kValues, 1.01), std::logic_error);
}

}  // namespace
}  // namespace vitlab::stats
