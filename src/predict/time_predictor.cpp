#include "predict/time_predictor.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/text.h"
#include "graph/fold.h"
#include "stats/summary.h"

namespace vitlab::predict {

namespace {

constexpr double kLeastSeconds = 1e-8;
/// Only these say that an op lies outside what was seen: sizes, not remainders or variants.
constexpr std::size_t kSizeFeatures = 9;
constexpr double kSlack = 0.5;  // of a logarithm to base 2, beyond what was seen

std::string outside(const OpFeatures& op, const KindModel& kind) {
  for (std::size_t i = 0; i < kSizeFeatures && i < kind.seen.size(); ++i) {
    const bool is_below = op.shape[i] < kind.seen[i].low - kSlack;
    if (!is_below && op.shape[i] <= kind.seen[i].high + kSlack) continue;
    return std::string(op_feature_names()[i]) + " of " + op.kind + ": " +
           core::significant(op.shape[i], 3) + (is_below ? " is below " : " is above ") +
           core::significant(is_below ? kind.seen[i].low : kind.seen[i].high, 3);
  }
  return "";
}

stats::Interval error_interval(const PredictorErrors& errors, double seconds) {
  if (errors.log_ratios.empty()) return {seconds, seconds};
  const double tail = 0.5 * (1 - kPredictionConfidence);
  return {seconds * std::exp(stats::quantile_of_sorted(errors.log_ratios, tail)),
          seconds * std::exp(stats::quantile_of_sorted(errors.log_ratios, 1 - tail))};
}

}  // namespace

double KindModel::least_seconds(const OpFeatures& op) const {
  const double seconds = rates[0] + rates[1] * op.flops + rates[2] * op.bytes +
                         rates[3] * op.copied_bytes + rates[4] * op.subnormals;
  return std::max(seconds, kLeastSeconds);
}

std::vector<double> KindModel::seconds(const OpFeatures& op) const {
  const double least = least_seconds(op);
  if (residuals.empty()) return {least};
  std::vector<double> result;
  for (const stats::BoostedTrees& trees : residuals)
    result.push_back(least * std::exp(stats::predict(trees, op.shape)));
  return result;
}

Prediction predict_time(const TimePredictor& predictor, const std::vector<OpFeatures>& ops) {
  Prediction prediction;
  std::vector<double> sums;                   // by ensemble
  std::map<std::string, std::string> unseen;  // by kind, the first reason
  for (const OpFeatures& op : ops) {
    const auto found = predictor.kinds.find(op.kind);
    const bool is_known = found != predictor.kinds.end();
    const KindModel& kind = is_known ? found->second : predictor.other;
    const std::vector<double> seconds = kind.seconds(op);
    if (sums.size() < seconds.size()) sums.resize(seconds.size(), sums.empty() ? 0 : sums[0]);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += seconds[i % seconds.size()];
    prediction.op_seconds.push_back(predictor.scale * stats::mean(seconds));
    if (const std::string words = is_known ? outside(op, kind) : op.kind + " was never seen";
        !words.empty())
      unseen.try_emplace(op.kind, words);
  }
  prediction.remainder =
      predictor.scale * (predictor.once + predictor.per_op * static_cast<double>(ops.size()));
  prediction.seconds = std::accumulate(prediction.op_seconds.begin(), prediction.op_seconds.end(),
                                       prediction.remainder);
  prediction.interval = error_interval(predictor.errors, prediction.seconds);
  if (sums.size() > 1)
    prediction.disagreement = stats::standard_deviation(sums) / stats::mean(sums);
  for (const auto& [kind, words] : unseen) prediction.unseen.push_back(words);
  return prediction;
}

std::vector<OpFeatures> features_for(const graph::Graph& graph, const PredictorSetting& setting) {
  return setting.deploy ? op_features(graph::fold(graph), setting.batch, setting.element_bytes())
                        : op_features(graph, setting.batch, setting.element_bytes());
}

}  // namespace vitlab::predict
