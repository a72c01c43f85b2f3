#include "stats/nonnegative.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "stats/cholesky.h"

namespace vitlab::stats {

namespace {

/// Sums of products of the columns with one another and with the targets, columns scaled to 1.
struct WeightedSums {
  std::vector<std::vector<double>> matrix;
  std::vector<double> right, scale;
};

WeightedSums normal_equations(std::span<const std::vector<double>> rows,
                              std::span<const double> targets, std::span<const double> weights) {
  const std::size_t columns = rows[0].size();
  WeightedSums sums{std::vector<std::vector<double>>(columns, std::vector<double>(columns, 0)),
                    std::vector<double>(columns, 0), std::vector<double>(columns, 0)};
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (std::size_t i = 0; i < columns; ++i) {
      const double weighted = weights[r] * rows[r][i];
      sums.right[i] += weighted * targets[r];
      for (std::size_t j = 0; j < columns; ++j) sums.matrix[i][j] += weighted * rows[r][j];
    }
  for (std::size_t i = 0; i < columns; ++i) sums.scale[i] = std::sqrt(sums.matrix[i][i]);
  for (std::size_t i = 0; i < columns; ++i) {
    if (sums.scale[i] > 0) sums.right[i] /= sums.scale[i];
    for (std::size_t j = 0; j < columns; ++j)
      if (sums.scale[i] > 0 && sums.scale[j] > 0)
        sums.matrix[i][j] /= sums.scale[i] * sums.scale[j];
  }
  return sums;
}

/// The solution with the columns of `set` alone; empty if they depend on one another or one comes
/// out negative.
std::vector<double> solve_set(const WeightedSums& sums, unsigned set) {
  std::vector<std::size_t> chosen;
  Cholesky factor;
  std::vector<double> right;
  for (std::size_t i = 0; i < sums.right.size(); ++i) {
    if ((set >> i & 1U) == 0) continue;
    if (!(sums.scale[i] > 0)) return {};
    std::vector<double> row;
    for (const std::size_t j : chosen) row.push_back(sums.matrix[i][j]);
    row.push_back(sums.matrix[i][i]);
    if (!factor.append(row)) return {};
    chosen.push_back(i);
    right.push_back(sums.right[i]);
  }
  const std::vector<double> solution = factor.solve(right);
  std::vector<double> x(sums.right.size(), 0);
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    if (!(solution[k] >= 0)) return {};
    x[chosen[k]] = solution[k];
  }
  return x;
}

}  // namespace

std::vector<double> fit_nonnegative(std::span<const std::vector<double>> rows,
                                    std::span<const double> targets,
                                    std::span<const double> weights) {
  core::ensure(!rows.empty() && !rows[0].empty() && rows[0].size() <= 12, "1 to 12 columns");
  core::ensure(rows.size() == targets.size() && rows.size() == weights.size(),
               "a target and a weight for each row");
  const WeightedSums sums = normal_equations(rows, targets, weights);
  const std::size_t columns = rows[0].size();
  std::vector<double> best(columns, 0);
  double least = 0;  // of x'Ax - 2b'x, which is 0 for no column
  for (unsigned set = 1; set < 1U << columns; ++set) {
    const std::vector<double> x = solve_set(sums, set);
    if (x.empty()) continue;
    double value = 0;
    for (std::size_t i = 0; i < columns; ++i) value -= sums.right[i] * x[i];  // x solves its set
    if (value >= least) continue;
    least = value;
    best = x;
  }
  for (std::size_t i = 0; i < columns; ++i)
    if (sums.scale[i] > 0) best[i] /= sums.scale[i];
  return best;
}

}  // namespace vitlab::stats
