#pragma once

#include <cstdint>

namespace vitlab::stats {

/// P(Z <= x) of the standard normal distribution.
double normal_cdf(double x);

/// The inverse of normal_cdf for `probability` in (0, 1).
double normal_quantile(double probability);

/// The quantile of Student's t with `degrees` >= 1 degrees of freedom, `probability` in (0, 1).
double student_quantile(double probability, std::int64_t degrees);

}  // namespace vitlab::stats
