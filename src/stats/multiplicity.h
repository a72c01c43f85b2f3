#pragma once

#include <span>
#include <vector>

namespace vitlab::stats {

/// Benjamini-Hochberg adjusted p-values (1995), in the order given: claims with an adjusted value
/// of at most q have a false discovery rate of at most q. p-values are in [0, 1]; none give none.
std::vector<double> benjamini_hochberg(std::span<const double> p_values);

}  // namespace vitlab::stats
