#pragma once

#include <cstdint>

namespace vitlab::stats {

/// P(Z <= x) of the standard normal distribution.
double normal_cdf(double x);

/// The inverse of normal_cdf for `probability` in (0, 1), to about 1e-14.
double normal_quantile(double probability);

/// The quantile of Student's t with `degrees` >= 1 degrees of freedom: exact for 1 and 2, else
/// Hill's series (Communications of the ACM 13, 1970), within 0.5 % for probabilities in [0.005,
/// 0.995].
double student_quantile(double probability, std::int64_t degrees);

}  // namespace vitlab::stats
