#include "stats/multiplicity.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"

namespace vitlab::stats {

std::vector<double> benjamini_hochberg(std::span<const double> p_values) {
  for (const double p : p_values) core::ensure(p >= 0 && p <= 1, "a p-value is in [0, 1]");
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] > p_values[b]; });

  std::vector<double> adjusted(p_values.size());
  const double count = static_cast<double>(p_values.size());
  double rank = count;
  double smallest = 1;
  for (const std::size_t i : order) {
    smallest = std::min(smallest, p_values[i] * count / rank);
    adjusted[i] = smallest;
    rank -= 1;
  }
  return adjusted;
}

}  // namespace vitlab::stats
