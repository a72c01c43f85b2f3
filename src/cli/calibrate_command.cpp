#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>

#include "architecture/presets.h"
#include "cli/command.h"
#include "cli/engine_commands.h"
#include "cli/predictor_words.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/progress.h"
#include "core/text.h"
#include "predict/model_space.h"
#include "predict/prediction_scores.h"
#include "predict/predictor_file.h"
#include "predict/sample_file.h"
#include "schedule/engine_process.h"
#include "stats/summary.h"
#include "sweep/named_config.h"

namespace vitlab::cli {

namespace {

constexpr const char* kReference = "efficientvit_m0";  // what drift is divided out by
constexpr double kWideSpread = 1.25;  // p95 / p5 beyond which a model is timed again
constexpr int kMostTimes = 2;
constexpr std::size_t kPoolFactor = 4;  // candidates that the ensembles choose each model from

struct CalibrateWords {
  std::string protocol = "configs/measure/predict_cpu.yaml", out;
  std::int64_t models = 120, test = 0, seed = 0;
  double until = 0;
  bool json = false;
};

/// Draws, measures and trains, one batch of models after the other.
class Calibration {
 public:
  Calibration(const CalibrateWords& words, const sweep::Protocol& protocol,
              const std::string& device)
      : words_(words), protocol_(protocol), file_(words.out + ".samples.jsonl", header(device)) {
    setting_ = {device,         protocol.threads, protocol.batch,
                protocol.dtype, protocol.deploy,  protocol.flush_subnormals};
    limits_.batch = protocol.batch;
    limits_.threads = protocol.threads;
  }

  /// Half of the models are drawn, the others chosen where the ensembles disagree.
  predict::TimePredictor train() {
    const auto models = static_cast<std::size_t>(words_.models);
    core::Random random(core::mix64(static_cast<std::uint64_t>(words_.seed), "train"));
    measure(predict::draw_models(random, std::max<std::size_t>(models / 2, 5), limits_), false);
    predict::TimePredictor predictor = fit();
    const std::size_t step = std::max<std::size_t>(models / 8, 1);
    while (file_.count(false) < models && !is_good_enough(predictor)) {
      measure(chosen(predictor, std::min(step, models - file_.count(false))), false);
      predictor = fit();
    }
    return predictor;
  }

  /// Measures unseen models; the predictor's errors become those on them.
  std::vector<predict::PredictionScore> test(predict::TimePredictor& predictor) {
    core::Random random(core::mix64(static_cast<std::uint64_t>(words_.seed), "test"));
    measure(predict::draw_models(random, static_cast<std::size_t>(words_.test), limits_), true);
    const auto models = predict::timed_graphs(file_.samples(), true, setting_);
    std::vector<double> measured, predicted;
    predict::PredictorErrors errors{{}, true};
    for (const predict::TimedGraph& model : models) {
      measured.push_back(model.seconds);
      predicted.push_back(predict::predict_time(predictor, model.ops).seconds);
      errors.log_ratios.push_back(std::log(measured.back() / predicted.back()));
    }
    std::sort(errors.log_ratios.begin(), errors.log_ratios.end());
    predictor.errors = errors;
    std::vector<predict::PredictionScore> scores{
        predict::score_predictions("predictor", predicted, measured)};
    add_baselines(models, measured, scores);
    note_misses(predicted, measured);
    return scores;
  }

  std::size_t trained_on() const { return file_.count(false); }
  const core::Json& misses() const { return misses_; }

 private:
  core::Json header(const std::string& device) const {
    core::Json json = core::Json::object();
    json["calibration"] = 1;
    json["device"] = device;
    json["seed"] = words_.seed;
    json["reference"] = kReference;
    json["protocol"] = sweep::protocol_json(protocol_, true);
    return json;
  }

  predict::TimePredictor fit() const {
    predict::TrainSettings settings;
    settings.seed = static_cast<std::uint64_t>(words_.seed);
    return predict::train_predictor(
        setting_, predict::timed_graphs(file_.samples(), false, setting_), settings);
  }

  /// Whether 9 of 10 held-out models lie within the error asked for.
  bool is_good_enough(const predict::TimePredictor& predictor) const {
    if (!(words_.until > 0)) return false;
    std::vector<double> errors;
    for (const double ratio : predictor.errors.log_ratios) errors.push_back(std::abs(ratio));
    return stats::quantile(errors, 0.9) <= words_.until;
  }

  std::vector<core::Json> chosen(const predict::TimePredictor& predictor, std::size_t count) const {
    core::Random random(core::mix64(core::mix64(static_cast<std::uint64_t>(words_.seed), "pool"),
                                    file_.count(false)));
    std::vector<core::Json> pool = predict::draw_models(random, kPoolFactor * count, limits_);
    std::erase_if(pool, [&](const core::Json& knobs) { return file_.has(knobs, false); });
    std::vector<std::vector<predict::OpFeatures>> features;
    features.reserve(pool.size());
    for (const core::Json& knobs : pool)
      features.push_back(predict::features_of_knobs(knobs, setting_));
    std::vector<core::Json> models;
    for (const std::size_t i : predict::least_agreed(predictor, features, count))
      models.push_back(pool[i]);
    return models;
  }

  /// Measures what the file does not hold yet, then once more what was noisy.
  void measure(const std::vector<core::Json>& models, bool is_test) {
    std::vector<core::Json> missing;
    for (const core::Json& knobs : models)
      if (!file_.has(knobs, is_test)) missing.push_back(knobs);
    run(missing, is_test);
    std::vector<core::Json> noisy;
    for (const predict::CalibrationSample& sample : file_.samples())
      if (sample.is_test == is_test && sample.spread() > kWideSpread &&
          file_.measured(sample.knobs, is_test) < kMostTimes)
        noisy.push_back(sample.knobs);
    run(noisy, is_test);
  }

  void run(const std::vector<core::Json>& models, bool is_test) {
    if (models.empty()) return;
    messages::SampleRequest request;
    request.protocol = protocol_;
    request.reference = {kReference, architecture::resolve_model(kReference).spec};
    for (const core::Json& knobs : models)
      request.candidates.push_back({{knobs.at("template").get<std::string>(),
                                     architecture::expand_knobs(knobs, "a drawn model")},
                                    true});
    core::Progress progress(is_test ? "test models" : "training models",
                            static_cast<std::int64_t>(models.size()));
    std::int64_t done = 0;
    schedule::run_engine(request, [&](const messages::Event& event) {
      if (const auto* note = std::get_if<messages::Note>(&event)) log_line(note->note);
      const auto* sample = std::get_if<messages::Sample>(&event);
      if (!sample) return;
      file_.add(models.at(sample->index), is_test, core::to_json(*sample));
      progress.update(++done);
    });
    progress.finish();
  }

  /// One number a model, over all its ops.
  using Number =
      std::function<double(const predict::TimedGraph&, const predict::CalibrationSample&)>;

  std::vector<double> numbers(bool is_test, const std::vector<predict::TimedGraph>& models,
                              const Number& number) const {
    std::vector<double> result;
    for (const predict::CalibrationSample& sample : file_.samples())
      if (sample.is_test == is_test) result.push_back(number(models[result.size()], sample));
    return result;
  }

  void add_baselines(const std::vector<predict::TimedGraph>& test,
                     const std::vector<double>& measured,
                     std::vector<predict::PredictionScore>& scores) const {
    const auto train = predict::timed_graphs(file_.samples(), false, setting_);
    std::vector<double> seconds;
    seconds.reserve(train.size());
    for (const predict::TimedGraph& model : train) seconds.push_back(model.seconds);
    const auto add = [&](const char* name, const Number& number) {
      const predict::OneNumberBaseline baseline =
          predict::fit_baseline(numbers(false, train, number), seconds);
      std::vector<double> predicted;
      for (const double x : numbers(true, test, number)) predicted.push_back(baseline.seconds(x));
      scores.push_back(predict::score_predictions(name, predicted, measured));
    };
    add("FLOPs only", [](const predict::TimedGraph& model, const predict::CalibrationSample&) {
      double sum = 0;
      for (const predict::OpFeatures& op : model.ops) sum += op.flops;
      return sum;
    });
    add("bytes only", [](const predict::TimedGraph& model, const predict::CalibrationSample&) {
      double sum = 0;
      for (const predict::OpFeatures& op : model.ops) sum += op.bytes;
      return sum;
    });
    add("sum of isolated ops",
        [](const predict::TimedGraph&, const predict::CalibrationSample& sample) {
          double sum = 0;
          for (const double x : sample.op_isolated) sum += x;
          return sum;
        });
  }

  /// The worst test models, for those who want to know why.
  void note_misses(const std::vector<double>& predicted, const std::vector<double>& measured) {
    std::vector<core::Json> rows;
    std::size_t i = 0;
    for (const predict::CalibrationSample& sample : file_.samples()) {
      if (!sample.is_test) continue;
      rows.push_back({{"error", predicted[i] / measured[i] - 1},
                      {"measured_ms", 1e3 * measured[i]},
                      {"spread", sample.spread()},
                      {"knobs", sample.knobs}});
      ++i;
    }
    std::stable_sort(rows.begin(), rows.end(), [](const core::Json& a, const core::Json& b) {
      return std::abs(a["error"].get<double>()) > std::abs(b["error"].get<double>());
    });
    if (rows.size() > 10) rows.resize(10);
    misses_ = rows;
  }

  const CalibrateWords& words_;
  const sweep::Protocol& protocol_;
  predict::SampleFile file_;
  predict::PredictorSetting setting_;
  predict::ModelSpaceLimits limits_;
  core::Json misses_ = core::Json::array();
};

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

double p90_of(const predict::PredictorErrors& errors) {
  std::vector<double> sizes;
  for (const double ratio : errors.log_ratios) sizes.push_back(std::abs(std::expm1(-ratio)));
  return stats::quantile(sizes, 0.9);
}

void check_words(const CalibrateWords& words, const sweep::Protocol& protocol) {
  if (words.models < 10) throw core::UserError("--models must be at least 10");
  if (words.test < 0 || words.test == 1) throw core::UserError("--test must be 0 or at least 2");
  if (words.seed < 0) throw core::UserError("--seed must not be negative");
  if (words.until < 0) throw core::UserError("--until must not be negative");
  if (protocol.runtime != "libtorch")
    throw core::UserError("a predictor is trained on vitlab's own runtime; the protocol names " +
                          protocol.runtime);
}

}  // namespace

core::ExitCode run_calibrate(const std::vector<std::string>& words) {
  CalibrateWords given;
  Arguments arguments("calibrate",
                      "Train a latency predictor on this machine. The same command again resumes.",
                      {"vitlab calibrate --out predictor.json",
                       "vitlab calibrate --models 120 --test 100 --out predictor.json"});
  arguments.option("--protocol",
                   "device, threads, batch and seconds a model (default: "
                   "configs/measure/predict_cpu.yaml)",
                   given.protocol);
  arguments.option("--models", "models to train on (default 120)", given.models);
  arguments.option("--test", "unseen models to test on, beside three baselines (default 0)",
                   given.test);
  arguments.option("--until",
                   "stop early once 9 of 10 held-out models lie within this error, such as 0.1",
                   given.until);
  arguments.option("--seed", "of the models drawn", given.seed);
  arguments.option("--out", "the predictor to write; samples go to OUT.samples.jsonl", given.out,
                   true);
  arguments.flag("--json", "print JSON", given.json);
  arguments.parse(words);
  const sweep::Protocol protocol = sweep::load_protocol(given.protocol);
  check_words(given, protocol);
  Calibration calibration(given, protocol, device_words(protocol.device));
  predict::TimePredictor predictor = calibration.train();
  const double held_out_p90 = p90_of(predictor.errors);
  std::vector<predict::PredictionScore> scores;
  if (given.test > 0) scores = calibration.test(predictor);
  predict::write_predictor(predictor, given.out);
  if (given.json) {
    core::Json document = json_document("calibrate");
    document["predictor"] = given.out;
    document["models"] = calibration.trained_on();
    document["test_models"] = given.test;
    document["held_out_p90_error"] = held_out_p90;
    document["scores"] = core::Json::array();
    for (const predict::PredictionScore& score : scores)
      document["scores"].push_back(score_json(score));
    document["worst"] = calibration.misses();
    print_json(document);
  } else {
    print_text("wrote " + given.out + ": trained on " + std::to_string(calibration.trained_on()) +
               " models; of those held out in turn, 9 of 10 lie within " +
               core::significant(100 * held_out_p90, 3) + " %\n" +
               (scores.empty() ? ""
                               : "\n" + std::to_string(given.test) + " unseen models:\n" +
                                     scores_text(scores)));
  }
  return core::ExitCode::kDone;
}

}  // namespace vitlab::cli
