#include "stats/normal.h"

#include <cmath>
#include <numbers>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

#include "core/error.h"

namespace vitlab::stats {

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double normal_quantile(double probability) {
  core::ensure(probability > 0 && probability < 1,
               "a normal quantile's probability is inside (0, 1)");
  return boost::math::quantile(boost::math::normal(), probability);
}

double student_quantile(double probability, std::int64_t degrees) {
  core::ensure(degrees >= 1, "Student's t has at least one degree of freedom");
  core::ensure(probability > 0 && probability < 1,
               "a Student quantile's probability is inside (0, 1)");
  return boost::math::quantile(boost::math::students_t(static_cast<double>(degrees)), probability);
}

}  // namespace vitlab::stats
