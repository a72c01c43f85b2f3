#pragma once

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "core/fields.h"
#include "graph/dtype.h"
#include "predict/op_features.h"
#include "stats/boosting.h"
#include "stats/intervals.h"

namespace vitlab::predict {

/// What a predictor was trained for; times elsewhere are another matter.
struct PredictorSetting {
  std::string device;  // name of the processor or GPU
  graph::Index threads = 1;
  graph::Index batch = 4;
  graph::Dtype dtype = graph::Dtype::kFloat32;
  bool deploy = true;
  bool flush_subnormals = false;

  graph::Index element_bytes() const { return core::choice_row(dtype).bytes; }
  friend bool operator==(const PredictorSetting&, const PredictorSetting&) = default;
  static constexpr auto fields() {
    return std::tuple{core::required("device", &PredictorSetting::device),
                      core::required("threads", &PredictorSetting::threads),
                      core::required("batch", &PredictorSetting::batch),
                      core::required("dtype", &PredictorSetting::dtype),
                      core::required("deploy", &PredictorSetting::deploy),
                      core::required("flush_subnormals", &PredictorSetting::flush_subnormals)};
  }
};

/// The time of one kind of op: a call, plus flops, bytes, copied bytes and subnormal products at
/// fitted rates, times
/// the exponential of what boosted trees say of the features. Several ensembles of trees, grown on
/// different draws, are averaged; where they differ the op is little known.
struct KindModel {
  std::array<double, 5> rates{};  // seconds: a call, flop, byte, copied byte, subnormal product
  std::vector<stats::BoostedTrees> residuals;
  std::vector<stats::Interval> seen;  // by feature, the values that training had
  std::size_t rows = 0;               // distinct ops trained on

  double least_seconds(const OpFeatures& op) const;
  /// By ensemble; one value where there are none.
  std::vector<double> seconds(const OpFeatures& op) const;
};

/// How far a predictor is from the clock, on models that it was not fitted to.
struct PredictorErrors {
  std::vector<double> log_ratios;  // log(measured / predicted), ascending
  bool from_test = false;          // unseen test models; else cross-validation over models

  bool operator==(const PredictorErrors&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("from_test", &PredictorErrors::from_test),
                      core::required("log_ratios", &PredictorErrors::log_ratios)};
  }
};

struct TimePredictor {
  PredictorSetting setting;
  std::map<std::string, KindModel> kinds;
  KindModel other;  // rates alone, for kinds that training did not have
  /// The whole model: seconds once and a node, which no op has, and the factor of all.
  double once = 0, per_op = 0, scale = 1;
  PredictorErrors errors;
  std::size_t models = 0;  // trained on
};

struct Prediction {
  double seconds = 0;
  stats::Interval interval;        // of `confidence`, from the predictor's errors
  std::vector<double> op_seconds;  // by node, as they count in the whole
  double remainder = 0;            // seconds that belong to no op: seconds - sum of op_seconds
  double disagreement = 0;         // spread of the ensembles' sums over their mean
  /// A line a kind: "log_bytes of linear: 31 is above 28.5", "roll was never seen"; for warnings.
  std::vector<std::string> unseen;
};

constexpr double kPredictionConfidence = 0.9;

/// The features of a graph's ops in the form, batch and dtype that a setting names.
std::vector<OpFeatures> features_for(const graph::Graph& graph, const PredictorSetting& setting);

/// The time of a batch.
Prediction predict_time(const TimePredictor& predictor, const std::vector<OpFeatures>& ops);

}  // namespace vitlab::predict
