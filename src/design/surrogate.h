#pragma once

#include <optional>
#include <string>
#include <vector>

#include "design/rules.h"
#include "graph/cost.h"
#include "stats/least_squares.h"

namespace vitlab::design {

/// What a model is expected to be worth.
struct Prediction {
  std::string metric;
  double value = 0;
  std::optional<double> low;  // 95 %, from the leave-one-out error
  std::optional<double> high;
  std::string basis;
};

/// Ranks models that were never trained: a ridge regression of top-1 accuracy on the levels of the
/// swept knobs, log MACs and log parameters; or, where that predicts nothing, capacity: the log of
/// the parameters (of the MACs under a budget of parameters).
class Surrogate {
 public:
  /// Fits models of `table` that have accuracy, MACs and parameters; each data set and recipe gets
  /// its own level. Capacity stands in below leave-one-out R2 = 0.3 or with fewer than two rows a
  /// feature; `notes` says so.
  Surrogate(const store::ResultsTable& table, const std::vector<SweptKnob>& knobs,
            std::vector<std::string>& notes);

  bool is_fitted() const { return is_fitted_; }
  double leave_one_out_r2() const { return model_.leave_one_out_r2; }
  std::size_t rows() const { return rows_; }

  /// The prediction for knob levels (positions in each knob's cells) and a cost. Of models of one
  /// budget, the better one has the higher value.
  Prediction predict(const std::vector<std::size_t>& levels, const graph::Cost& cost,
                     const std::string& budget_metric) const;

 private:
  std::vector<double> features(const std::vector<std::string>& cells, double macs,
                               double params) const;

  std::vector<SweptKnob> knobs_;
  std::vector<bool> is_numeric_;  // a knob enters as a number, else as one indicator a level
  stats::LinearModel model_;
  double base_ = 0;   // mean over data sets and recipes, to which the model adds
  double error_ = 0;  // leave-one-out root mean square
  std::size_t rows_ = 0;
  bool is_fitted_ = false;
};

}  // namespace vitlab::design
