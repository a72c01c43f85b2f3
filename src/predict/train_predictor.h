#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "predict/time_predictor.h"

namespace vitlab::predict {

/// One measured model: the features of its ops, their seconds where they stand, and the seconds of
/// the whole.
struct TimedGraph {
  std::vector<OpFeatures> ops;
  std::vector<double> op_seconds;  // by node
  double seconds = 0;
};

struct TrainSettings {
  std::size_t ensembles = 4;
  std::size_t folds = 5;  // of the cross-validation over models
  stats::BoostSettings boost;
  std::uint64_t seed = 0;
};

/// Fits every kind of op on all models. The whole-model numbers and the errors come from models
/// that the op fits did not see, fold by fold. At least `folds` models.
TimePredictor train_predictor(const PredictorSetting& setting, std::span<const TimedGraph> models,
                              const TrainSettings& settings = {});

/// The indices of the `count` of `pool` whose predicted time the ensembles agree on least.
std::vector<std::size_t> least_agreed(const TimePredictor& predictor,
                                      std::span<const std::vector<OpFeatures>> pool,
                                      std::size_t count);

}  // namespace vitlab::predict
