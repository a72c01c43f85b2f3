#pragma once

#include <algorithm>
#include <vector>

#include "core/random.h"
#include "graph/shape.h"

namespace vitlab {

/// One or more of `size` units, drawn at random, in their order.
inline std::vector<graph::Index> random_units(core::Random& random, graph::Index size) {
  const auto order = random.permutation(size);
  const auto count =
      1 + static_cast<std::ptrdiff_t>(random.below(static_cast<std::uint64_t>(size)));
  std::vector<graph::Index> units(order.begin(), order.begin() + count);
  std::sort(units.begin(), units.end());
  return units;
}

}  // namespace vitlab
