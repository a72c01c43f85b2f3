#include "predict/train_predictor.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"
#include "core/hash.h"
#include "core/random.h"
#include "stats/nonnegative.h"
#include "stats/summary.h"

namespace vitlab::predict {

namespace {

constexpr double kTimerSeconds = 5e-8;  // below this a time says nothing
constexpr double kLeastShare = 1e-3;    // of a model's time, so that small ops count a little

/// Ops of one kind over all models; equal ops of one model are one row.
struct KindRows {
  std::vector<OpFeatures> ops;
  std::vector<double> seconds, weights;
};

struct MeanOfEqual {
  const OpFeatures* op = nullptr;
  double seconds = 0;
  double count = 0;
};

void add_model(const TimedGraph& model, std::map<std::string, KindRows>& kinds) {
  // Equal ops are told apart by how far back their inputs were written, to a power of two.
  std::map<std::pair<std::string, long>, MeanOfEqual> distinct;
  for (std::size_t i = 0; i < model.ops.size(); ++i) {
    MeanOfEqual& entry =
        distinct[{model.ops[i].signature(), std::lround(model.ops[i].log_distance())}];
    entry.op = &model.ops[i];
    entry.seconds += std::max(model.op_seconds[i], kTimerSeconds);
    entry.count += 1;
  }
  for (const auto& [key, entry] : distinct) {
    KindRows& rows = kinds[entry.op->kind];
    rows.ops.push_back(*entry.op);
    rows.seconds.push_back(entry.seconds / entry.count);
    rows.weights.push_back(entry.seconds / model.seconds + kLeastShare);
  }
}

std::array<double, 5> fit_rates(const KindRows& rows) {
  std::vector<std::vector<double>> columns;
  std::vector<double> ones(rows.ops.size(), 1);
  for (std::size_t i = 0; i < rows.ops.size(); ++i) {
    const OpFeatures& op = rows.ops[i];
    const double t = rows.seconds[i];  // relative errors: everything over the time itself
    columns.push_back({1 / t, op.flops / t, op.bytes / t, op.copied_bytes / t, op.subnormals / t});
  }
  const std::vector<double> fit = stats::fit_nonnegative(columns, ones, rows.weights);
  return {fit[0], fit[1], fit[2], fit[3], fit[4]};
}

std::vector<stats::Interval> ranges(const KindRows& rows) {
  std::vector<stats::Interval> seen;
  for (std::size_t f = 0; f < rows.ops[0].shape.size(); ++f) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    stats::Interval range{kInfinity, -kInfinity};
    for (const OpFeatures& op : rows.ops) {
      range.low = std::min(range.low, op.shape[f]);
      range.high = std::max(range.high, op.shape[f]);
    }
    seen.push_back(range);
  }
  return seen;
}

KindModel fit_kind(const KindRows& rows, const TrainSettings& settings) {
  KindModel kind;
  kind.rows = rows.ops.size();
  kind.rates = fit_rates(rows);
  kind.seen = ranges(rows);
  std::vector<std::vector<double>> features;
  std::vector<double> targets;
  for (std::size_t i = 0; i < rows.ops.size(); ++i) {
    features.push_back(rows.ops[i].shape);
    targets.push_back(std::log(rows.seconds[i] / kind.least_seconds(rows.ops[i])));
  }
  for (std::size_t i = 0; i < settings.ensembles; ++i) {
    stats::BoostSettings boost = settings.boost;
    boost.seed = core::mix64(settings.seed, i);
    kind.residuals.push_back(stats::fit_boosted(features, targets, rows.weights, boost));
  }
  return kind;
}

std::map<std::string, KindModel> fit_kinds(std::span<const TimedGraph> models,
                                           const std::vector<bool>& used, KindModel& other,
                                           const TrainSettings& settings) {
  std::map<std::string, KindRows> rows;
  for (std::size_t i = 0; i < models.size(); ++i)
    if (used[i]) add_model(models[i], rows);
  std::map<std::string, KindModel> kinds;
  KindRows all;
  for (const auto& [kind, own] : rows) {
    kinds.emplace(kind, fit_kind(own, settings));
    all.ops.insert(all.ops.end(), own.ops.begin(), own.ops.end());
    all.seconds.insert(all.seconds.end(), own.seconds.begin(), own.seconds.end());
    all.weights.insert(all.weights.end(), own.weights.begin(), own.weights.end());
  }
  other.rates = fit_rates(all);
  other.rows = all.ops.size();
  return kinds;
}

/// Sums of predicted op times of every model, each from kinds fitted without its fold.
std::vector<double> held_out_sums(std::span<const TimedGraph> models,
                                  const TrainSettings& settings) {
  const std::size_t folds = std::min(settings.folds, models.size());
  std::vector<double> sums(models.size(), 0);
  core::Random random(core::mix64(settings.seed, "folds"));
  const auto order = random.permutation(static_cast<std::int64_t>(models.size()));
  TrainSettings quick = settings;
  quick.ensembles = std::min<std::size_t>(settings.ensembles, 2);
  for (std::size_t fold = 0; fold < folds; ++fold) {
    std::vector<bool> used(models.size(), true);
    for (std::size_t k = fold; k < order.size(); k += folds)
      used[static_cast<std::size_t>(order[k])] = false;
    TimePredictor part;
    part.kinds = fit_kinds(models, used, part.other, quick);
    for (std::size_t i = 0; i < models.size(); ++i)
      if (!used[i]) sums[i] = predict_time(part, models[i].ops).seconds;
  }
  return sums;
}

/// What lies between the ops, from measured sums; then the factor at which half of the models run
/// faster than their held-out prediction says; then the errors that are left.
void fit_whole(std::span<const TimedGraph> models, const std::vector<double>& sums,
               TimePredictor& predictor) {
  std::vector<std::vector<double>> rows;
  std::vector<double> rest, weights;
  for (const TimedGraph& model : models) {
    const double in_ops = std::accumulate(model.op_seconds.begin(), model.op_seconds.end(), 0.0);
    rows.push_back({1, static_cast<double>(model.ops.size())});
    rest.push_back(model.seconds - in_ops);
    weights.push_back(1 / (model.seconds * model.seconds));
  }
  const std::vector<double> fit = stats::fit_nonnegative(rows, rest, weights);
  predictor.once = fit[0];
  predictor.per_op = fit[1];
  std::vector<double>& errors = predictor.errors.log_ratios;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const double predicted = sums[i] + fit[0] + fit[1] * static_cast<double>(models[i].ops.size());
    errors.push_back(std::log(models[i].seconds / predicted));
  }
  const double middle = stats::median(errors);
  predictor.scale = std::exp(middle);
  for (double& error : errors) error -= middle;
  std::sort(errors.begin(), errors.end());
}

}  // namespace

TimePredictor train_predictor(const PredictorSetting& setting, std::span<const TimedGraph> models,
                              const TrainSettings& settings) {
  core::ensure(models.size() >= settings.folds && settings.folds >= 2, "at least a model a fold");
  TimePredictor predictor;
  predictor.setting = setting;
  predictor.models = models.size();
  predictor.kinds =
      fit_kinds(models, std::vector<bool>(models.size(), true), predictor.other, settings);
  fit_whole(models, held_out_sums(models, settings), predictor);
  return predictor;
}

std::vector<std::size_t> least_agreed(const TimePredictor& predictor,
                                      std::span<const std::vector<OpFeatures>> pool,
                                      std::size_t count) {
  std::vector<double> disagreement;
  for (const std::vector<OpFeatures>& ops : pool)
    disagreement.push_back(predict_time(predictor, ops).disagreement);
  std::vector<std::size_t> order(pool.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return disagreement[a] > disagreement[b]; });
  if (order.size() > count) order.resize(count);
  return order;
}

}  // namespace vitlab::predict
