#pragma once

#include <cmath>
#include <limits>

namespace vitlab {

/// By how much two results that round after each of `terms` additions may differ, as a share of
/// what the sizes of their terms sum to. Processors add in different orders: no order is the right
/// one. Errors of either sign grow with the root of their number; that one result is off by 8 roots
/// of half an epsilon has a probability below 1e-13 (Higham and Mary, 2019).
template <typename T = float>
double rounding(double terms) {
  return 8 * std::sqrt(terms) * std::numeric_limits<T>::epsilon();
}

}  // namespace vitlab
