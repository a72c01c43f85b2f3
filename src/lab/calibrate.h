#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lab/engines.h"
#include "predict/prediction_scores.h"
#include "predict/train_predictor.h"
#include "sweep/protocol.h"

namespace vitlab::lab {

/// A latency predictor that is to be trained on this machine.
struct CalibrateRequest {
  sweep::Protocol protocol;
  std::string out;            // the predictor; samples go to OUT.samples.jsonl
  std::int64_t models = 120;  // to train on, at least 10
  std::int64_t test = 0;      // unseen models to test on: none, or at least 2
  std::int64_t seed = 0;      // of the models drawn
  double until = 0;           // the error at which fewer models will do; 0: never
  predict::TrainSettings training;
};

/// An unseen model whose time the predictor got wrong.
struct Miss {
  double error = 0;  // predicted / measured - 1
  double seconds = 0, spread = 0;
  core::Json knobs;
};

/// What was trained, and how far from the clock it is.
struct CalibrateOutcome {
  predict::TimePredictor predictor;
  std::size_t models = 0;                        // trained on
  double held_out_p90_error = 0;                 // of models held out in turn
  std::vector<predict::PredictionScore> scores;  // of the predictor, then of three baselines
  std::vector<Miss> worst;                       // of the test models, the worst first
};

/// Draws models, measures what the samples' file does not hold yet, trains and writes a predictor;
/// the same request again resumes. Half of the models are drawn, the others chosen where the
/// predictor is least sure. Throws UserError for a protocol that no predictor is trained for and
/// for samples of another one.
CalibrateOutcome calibrate(const CalibrateRequest& request, Engines& engines,
                           const EventSink& sink);

}  // namespace vitlab::lab
