#include "stats/least_squares.h"

#include <cmath>
#include <limits>

#include "core/error.h"
#include "stats/cholesky.h"
#include "stats/summary.h"
#include "stats/undefined.h"

namespace vitlab::stats {
namespace {

// A leverage this near 1 means that the row's own target fixes its fitted value.
constexpr double kFullLeverage = 1 - 1e-9;

struct Column {
  double mean = 0;
  double deviation = 0;  // population; 0 marks a constant feature
  std::vector<double> standardised;
};

Column standardise(std::vector<double> values) {
  Column column;
  column.mean = mean(values);
  double largest = 0;
  for (double& value : values) {
    largest = std::max(largest, std::abs(value));
    value -= column.mean;
  }
  const double deviation = std::sqrt(dot(values, values) / static_cast<double>(values.size()));
  column.deviation = deviation > 1e-12 * largest ? deviation : 0;
  for (double& value : values) value = column.deviation > 0 ? value / column.deviation : 0;
  column.standardised = std::move(values);
  return column;
}

std::vector<Column> columns_of(std::span<const std::vector<double>> rows) {
  std::vector<Column> columns;
  for (std::size_t feature = 0; feature < rows.front().size(); ++feature) {
    std::vector<double> values;
    values.reserve(rows.size());
    for (const std::vector<double>& row : rows) {
      core::ensure(row.size() == rows.front().size(), "all rows have the same features");
      values.push_back(row[feature]);
    }
    columns.push_back(standardise(std::move(values)));
  }
  return columns;
}

/// The normal equations of the columns that carry information of their own.
struct NormalEquations {
  Cholesky factor;
  std::vector<std::size_t> kept;
};

NormalEquations factorise(const std::vector<Column>& columns, double ridge) {
  NormalEquations equations;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    if (columns[j].deviation == 0) continue;
    std::vector<double> row;
    for (const std::size_t i : equations.kept) {
      row.push_back(dot(columns[i].standardised, columns[j].standardised));
    }
    row.push_back(dot(columns[j].standardised, columns[j].standardised) + ridge);
    if (equations.factor.append(row)) equations.kept.push_back(j);
  }
  return equations;
}

/// Share of a row's own target in its fitted value.
double leverage(const std::vector<Column>& columns, const NormalEquations& equations,
                std::size_t row) {
  std::vector<double> features;
  for (const std::size_t j : equations.kept) features.push_back(columns[j].standardised[row]);
  const double rows = static_cast<double>(columns.empty() ? 1 : columns[0].standardised.size());
  return 1 / rows + dot(features, equations.factor.solve(features));
}

void score(LinearModel& model, std::span<const std::vector<double>> rows,
           std::span<const double> targets, const std::vector<double>& leverages) {
  const double centre = mean(targets);
  double total = 0;
  double residual_sum = 0;
  double press = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double residual = targets[i] - predict(model, rows[i]);
    total += (targets[i] - centre) * (targets[i] - centre);
    residual_sum += residual * residual;
    const double left_out =
        leverages[i] < kFullLeverage ? residual / (1 - leverages[i]) : kUndefined;
    press += left_out * left_out;
  }
  model.r2 = total > 0 ? 1 - residual_sum / total : kUndefined;
  model.leave_one_out_r2 = total > 0 ? 1 - press / total : kUndefined;
}

}  // namespace

double predict(const LinearModel& model, std::span<const double> features) {
  core::ensure(features.size() == model.coefficients.size(), "a point has the model's features");
  double value = model.intercept;
  for (std::size_t j = 0; j < features.size(); ++j) value += model.coefficients[j] * features[j];
  return value;
}

LinearModel fit_linear(std::span<const std::vector<double>> rows, std::span<const double> targets,
                       double ridge) {
  core::ensure(!rows.empty() && rows.size() == targets.size(), "a fit has one target per row");
  core::ensure(ridge >= 0, "a ridge is not negative");
  const std::vector<Column> columns = columns_of(rows);
  const NormalEquations equations = factorise(columns, ridge);
  const double centre = mean(targets);
  std::vector<double> centred;
  for (const double target : targets) centred.push_back(target - centre);

  std::vector<double> right;
  for (const std::size_t j : equations.kept) right.push_back(dot(columns[j].standardised, centred));
  const std::vector<double> solution = equations.factor.solve(right);

  LinearModel model;
  model.intercept = centre;
  model.coefficients.assign(columns.size(), 0);
  for (std::size_t k = 0; k < equations.kept.size(); ++k) {
    const std::size_t j = equations.kept[k];
    model.coefficients[j] = solution[k] / columns[j].deviation;
    model.intercept -= model.coefficients[j] * columns[j].mean;
  }
  std::vector<double> leverages;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    leverages.push_back(columns.empty() ? 1 / static_cast<double>(rows.size())
                                        : leverage(columns, equations, i));
  }
  score(model, rows, targets, leverages);
  return model;
}

}  // namespace vitlab::stats
