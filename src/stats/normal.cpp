#include "stats/normal.h"

#include <cmath>
#include <numbers>

#include "core/error.h"

namespace vitlab::stats {

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double normal_quantile(double probability) {
  core::ensure(probability > 0 && probability < 1,
               "a normal quantile's probability is inside (0, 1)");
  if (probability == 0.5) return 0;
  if (probability > 0.5) return -normal_quantile(1 - probability);
  // Bisection: erfc is accurate in the lower tail, and 60 halvings reach the last bit.
  double low = -40;
  double high = 0;
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (normal_cdf(middle) < probability ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

double student_quantile(double probability, std::int64_t degrees) {
  core::ensure(degrees >= 1, "Student's t has at least one degree of freedom");
  core::ensure(probability > 0 && probability < 1,
               "a Student quantile's probability is inside (0, 1)");
  if (degrees == 1) return std::tan(std::numbers::pi * (probability - 0.5));
  if (degrees == 2) {
    const double a = 2 * probability - 1;
    return a * std::sqrt(2 / (1 - a * a));
  }
  const double z = normal_quantile(probability);
  const double v = static_cast<double>(degrees);
  const double z2 = z * z;
  const double g1 = (z2 + 1) / 4;
  const double g2 = ((5 * z2 + 16) * z2 + 3) / 96;
  const double g3 = (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
  const double g4 = ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;
  return z * (1 + (g1 + (g2 + (g3 + g4 / v) / v) / v) / v);
}

}  // namespace vitlab::stats
