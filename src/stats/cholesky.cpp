#include "stats/cholesky.h"

#include <cmath>

#include "core/error.h"

namespace vitlab::stats {
namespace {

// A pivot below this share of the diagonal is rounding, not information.
constexpr double kDependent = 1e-10;

}  // namespace

bool Cholesky::append(std::span<const double> row) {
  core::ensure(row.size() == size() + 1, "a new Cholesky row reaches to its diagonal");
  std::vector<double> added(row.begin(), row.end());
  double pivot = row.back();
  for (std::size_t i = 0; i < size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) added[i] -= added[j] * factor_[i][j];
    added[i] /= factor_[i][i];
    pivot -= added[i] * added[i];
  }
  if (!(pivot > kDependent * row.back())) return false;
  added.back() = std::sqrt(pivot);
  factor_.push_back(std::move(added));
  return true;
}

std::vector<double> Cholesky::solve(std::span<const double> right) const {
  core::ensure(right.size() == size(), "a right side has one value per Cholesky row");
  std::vector<double> x(right.begin(), right.end());
  for (std::size_t i = 0; i < size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) x[i] -= factor_[i][j] * x[j];
    x[i] /= factor_[i][i];
  }
  for (std::size_t i = size(); i-- > 0;) {
    for (std::size_t j = i + 1; j < size(); ++j) x[i] -= factor_[j][i] * x[j];
    x[i] /= factor_[i][i];
  }
  return x;
}

}  // namespace vitlab::stats
