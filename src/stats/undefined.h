#pragma once

#include <limits>

namespace vitlab::stats {

/// What the data leave undefined: the spread of one value, a correlation with a constant.
inline constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

}  // namespace vitlab::stats
