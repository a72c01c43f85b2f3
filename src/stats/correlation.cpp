#include "stats/correlation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"
#include "stats/summary.h"
#include "stats/undefined.h"

namespace vitlab::stats {
namespace {

// 1 - r^2 below this is a perfect relation but for rounding.
constexpr double kPerfect = 1e-12;

using Row = std::array<double, 3>;  // x, y, control

/// Rows sorted by content, so that resampling does not depend on the order they came in.
std::vector<Row> canonical_rows(std::span<const double> x, std::span<const double> y,
                                std::span<const double> control) {
  core::ensure(x.size() == y.size() && x.size() == control.size(),
               "columns that are correlated have equal lengths");
  std::vector<Row> rows;
  rows.reserve(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    core::ensure(std::isfinite(x[i]) && std::isfinite(y[i]) && std::isfinite(control[i]),
                 "correlations are of finite values");
    rows.push_back({x[i], y[i], control[i]});
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<double> column(const std::vector<Row>& rows, std::span<const std::size_t> chosen,
                           std::size_t which) {
  std::vector<double> values;
  values.reserve(chosen.size());
  for (const std::size_t row : chosen) values.push_back(rows[row][which]);
  return values;
}

}  // namespace

std::vector<double> ranks(std::span<const double> values) {
  for (const double value : values)
    core::ensure(std::isfinite(value), "ranks are of finite values");
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> result(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double shared = static_cast<double>(begin + 1 + end) / 2;
    for (; begin < end; ++begin) result[order[begin]] = shared;
  }
  return result;
}

double pearson(std::span<const double> x, std::span<const double> y) {
  core::ensure(x.size() == y.size(), "columns that are correlated have equal lengths");
  const auto is_constant = [](std::span<const double> v) {
    return std::all_of(v.begin(), v.end(), [&](double value) { return value == v.front(); });
  };
  const double x_mean = mean(x);
  const double y_mean = mean(y);
  if (is_constant(x) || is_constant(y)) return kUndefined;
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - x_mean) * (x[i] - x_mean);
    yy += (y[i] - y_mean) * (y[i] - y_mean);
    xy += (x[i] - x_mean) * (y[i] - y_mean);
  }
  return std::clamp(xy / std::sqrt(xx) / std::sqrt(yy), -1.0, 1.0);
}

double spearman(std::span<const double> x, std::span<const double> y) {
  return pearson(ranks(x), ranks(y));
}

double partial_spearman(std::span<const double> x, std::span<const double> y,
                        std::span<const double> control) {
  const double xy = spearman(x, y);
  const double xz = spearman(x, control);
  const double yz = spearman(y, control);
  if (std::isnan(xy)) return kUndefined;
  if (std::isnan(xz)) return xy;
  const double left = (1 - xz * xz) * (1 - yz * yz);
  if (1 - xz * xz < kPerfect || 1 - yz * yz < kPerfect) return kUndefined;
  return std::clamp((xy - xz * yz) / std::sqrt(left), -1.0, 1.0);
}

Estimate bootstrap_spearman(std::span<const double> x, std::span<const double> y,
                            const BootstrapSettings& settings) {
  const std::vector<Row> rows = canonical_rows(x, y, x);
  const auto statistic = [&](std::span<const std::size_t> chosen) {
    return spearman(column(rows, chosen, 0), column(rows, chosen, 1));
  };
  return bootstrap_rows(rows.size(), statistic, settings);
}

Estimate bootstrap_partial_spearman(std::span<const double> x, std::span<const double> y,
                                    std::span<const double> control,
                                    const BootstrapSettings& settings) {
  const std::vector<Row> rows = canonical_rows(x, y, control);
  const auto statistic = [&](std::span<const std::size_t> chosen) {
    return partial_spearman(column(rows, chosen, 0), column(rows, chosen, 1),
                            column(rows, chosen, 2));
  };
  return bootstrap_rows(rows.size(), statistic, settings);
}

}  // namespace vitlab::stats
