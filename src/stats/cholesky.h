#pragma once

#include <span>
#include <vector>

namespace vitlab::stats {

/// A Cholesky factor that grows by one row and column at a time, so that a column which depends on
/// the earlier ones can be left out instead of making the whole system singular (Eigen's factors
/// take whole matrices only).
class Cholesky {
 public:
  /// `row` holds the new row of the symmetric matrix up to and including its diagonal, for the
  /// size() rows kept so far. False, and nothing changes, if the row depends on those before it.
  bool append(std::span<const double> row);

  std::size_t size() const { return factor_.size(); }

  /// Solves A x = right for the rows kept.
  std::vector<double> solve(std::span<const double> right) const;

 private:
  std::vector<std::vector<double>> factor_;  // lower triangle
};

}  // namespace vitlab::stats
