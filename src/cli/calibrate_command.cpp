#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/narration.h"
#include "core/error.h"
#include "core/text.h"
#include "lab/calibrate.h"
#include "sweep/named_config.h"

namespace vitlab::cli {

namespace {

core::Json estimate_json(const stats::Estimate& estimate) {
  return {{"value", core::json_number(estimate.value)},
          {"low", core::json_number(estimate.low)},
          {"high", core::json_number(estimate.high)}};
}

core::Json score_json(const predict::PredictionScore& score) {
  return {{"name", score.name},
          {"within_5_percent", estimate_json(score.within_5)},
          {"within_10_percent", estimate_json(score.within_10)},
          {"spearman", estimate_json(score.rank_correlation)},
          {"median_error", score.median_error},
          {"p90_error", score.p90_error}};
}

std::string scores_text(const std::vector<predict::PredictionScore>& scores) {
  const auto cell = [](const stats::Estimate& x, double factor) {
    return core::significant(factor * x.value, 3) + " (" + core::significant(factor * x.low, 3) +
           " … " + core::significant(factor * x.high, 3) + ")";
  };
  core::TextTable table(
      {"", "within 5 %", "within 10 %", "Spearman", "median error %", "p90 error %"});
  for (const predict::PredictionScore& score : scores)
    table.add({score.name, cell(score.within_5, 100), cell(score.within_10, 100),
               cell(score.rank_correlation, 1), core::significant(100 * score.median_error, 3),
               core::significant(100 * score.p90_error, 3)});
  return table.str(output_width());
}

core::Json calibration_document(const lab::CalibrateRequest& request,
                                const lab::CalibrateOutcome& outcome) {
  core::Json document = json_document("calibrate");
  document["predictor"] = request.out;
  document["models"] = outcome.models;
  document["test_models"] = request.test;
  document["held_out_p90_error"] = outcome.held_out_p90_error;
  document["scores"] = core::Json::array();
  for (const predict::PredictionScore& score : outcome.scores)
    document["scores"].push_back(score_json(score));
  document["worst"] = core::Json::array();
  for (const lab::Miss& miss : outcome.worst)
    document["worst"].push_back({{"error", miss.error},
                                 {"measured_ms", 1e3 * miss.seconds},
                                 {"spread", miss.spread},
                                 {"knobs", miss.knobs}});
  return document;
}

std::string calibration_text(const lab::CalibrateRequest& request,
                             const lab::CalibrateOutcome& outcome) {
  return "wrote " + request.out + ": trained on " + std::to_string(outcome.models) +
         " models; of those held out in turn, 9 of 10 lie within " +
         core::significant(100 * outcome.held_out_p90_error, 3) + " %\n" +
         (outcome.scores.empty() ? ""
                                 : "\n" + std::to_string(request.test) + " unseen models:\n" +
                                       scores_text(outcome.scores));
}

}  // namespace

core::ExitCode run_calibrate(const std::vector<std::string>& words) {
  lab::CalibrateRequest request;
  std::string protocol = "configs/measure/predict_cpu.yaml";
  bool json = false;
  Arguments arguments("calibrate",
                      "Train a latency predictor on this machine. The same command again resumes.",
                      {"vitlab calibrate --out predictor.json",
                       "vitlab calibrate --models 120 --test 100 --out predictor.json"});
  arguments.option("--protocol",
                   "device, threads, batch and seconds a model (default: "
                   "configs/measure/predict_cpu.yaml)",
                   protocol);
  arguments.option("--models", "models to train on (default 120)", request.models, {.least = 10});
  arguments.option("--test", "unseen models to test on, beside three baselines (default 0)",
                   request.test);
  arguments.option("--until",
                   "stop early once 9 of 10 held-out models lie within this error, such as 0.1",
                   request.until, {.least = 0});
  arguments.option("--seed", "of the models drawn", request.seed, {.least = 0});
  arguments.option("--out", "the predictor to write; samples go to OUT.samples.jsonl", request.out,
                   true);
  arguments.flag("--json", "print JSON", json);
  arguments.parse(words);
  if (request.test < 0 || request.test == 1)
    throw core::UserError("--test must be 0 or at least 2");
  request.protocol = sweep::load_protocol(protocol);
  lab::EngineProcesses engines;
  const Narration narration;
  const lab::CalibrateOutcome outcome = lab::calibrate(request, engines, narration.sink());
  if (json)
    print_json(calibration_document(request, outcome));
  else
    print_text(calibration_text(request, outcome));
  return core::ExitCode::kDone;
}

}  // namespace vitlab::cli
