#pragma once

#include <span>
#include <vector>

namespace vitlab::stats {

/// The coefficients, none negative, that minimise the sum of weights · (target - row · x)^2. Tries
/// every set of free coefficients, so at most 12 columns; columns that depend on others get 0.
/// Needs a row; weights are positive. Eigen 3.4 has no solver of
/// this kind.
std::vector<double> fit_nonnegative(std::span<const std::vector<double>> rows,
                                    std::span<const double> targets,
                                    std::span<const double> weights);

}  // namespace vitlab::stats
