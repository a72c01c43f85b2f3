#include "stats/normal.h"

#include <stdexcept>

#include "test.hpp"

namespace vitlab::stats {
namespace {

TEST_CASE("the normal distribution agrees with SciPy", "[stats]") {
  // scipy.stats.norm.cdf and .ppf
  CHECK(normal_cdf(-8) == Approx(6.22096057427174e-16).epsilon(1e-10));
  CHECK(normal_cdf(0.5) == Approx(0.6914624612740131).epsilon(1e-13));
  CHECK(normal_quantile(1e-10) == Approx(-6.361340902404056).epsilon(1e-12));
  CHECK(normal_quantile(0.2) == Approx(-0.8416212335729142).epsilon(1e-12));
  CHECK(normal_quantile(0.975) == Approx(1.959963984540054).epsilon(1e-12));
  CHECK(normal_quantile(0.5) == 0);
}

TEST_CASE("the normal quantile inverts the distribution", "[stats]") {
  for (const double p : {1e-6, 0.01, 0.3, 0.7, 0.9999}) {
    CHECK(normal_cdf(normal_quantile(p)) == Approx(p).epsilon(1e-10));
  }
}

TEST_CASE("Student quantiles agree with SciPy", "[stats]") {
  // scipy.stats.t.ppf
  CHECK(student_quantile(0.975, 1) == Approx(12.706204736174694).epsilon(1e-11));
  CHECK(student_quantile(0.975, 2) == Approx(4.302652729749462).epsilon(1e-11));
  CHECK(student_quantile(0.975, 3) == Approx(3.1824463052837078).epsilon(1e-11));
  CHECK(student_quantile(0.975, 4) == Approx(2.7764451051977934).epsilon(1e-11));
  CHECK(student_quantile(0.975, 9) == Approx(2.262157162798205).epsilon(1e-11));
  CHECK(student_quantile(0.995, 4) == Approx(4.604094871349992).epsilon(1e-11));
  CHECK(student_quantile(0.025, 30) == Approx(-2.0422724563012378).epsilon(1e-11));
}

TEST_CASE("quantiles of certain events break a promise", "[stats]") {
  CHECK_THROWS_AS(normal_quantile(0), std::logic_error);
  CHECK_THROWS_AS(normal_quantile(1), std::logic_error);
  CHECK_THROWS_AS(student_quantile(0.5, 0), std::logic_error);
}

}  // namespace
}  // namespace vitlab::stats
