#include "lab/calibrate.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "architecture/presets.h"
#include "architecture/templates.h"
#include "core/error.h"
#include "core/hash.h"
#include "lab/predictor_place.h"
#include "predict/model_space.h"
#include "predict/predictor_file.h"
#include "predict/sample_file.h"
#include "stats/summary.h"
#include "sweep/named_config.h"

namespace vitlab::lab {

namespace {

constexpr const char* kReference = "efficientvit_m0";  // what drift is divided out by
constexpr double kWideSpread = 1.25;  // p95 / p5 beyond which a model is timed again
constexpr int kMostTimes = 2;
constexpr std::size_t kPoolFactor = 4;  // candidates that the ensembles choose each model from
constexpr std::size_t kMostMisses = 10;

/// Draws, measures and trains, one batch of models after the other.
class Calibration {
 public:
  Calibration(const CalibrateRequest& request, Engines& engines, const EventSink& sink)
      : request_(request),
        engines_(engines),
        sink_(sink),
        device_(device_words(request.protocol.device, engines)),
        file_(request.out + ".samples.jsonl", header()) {
    const sweep::Protocol& protocol = request.protocol;
    setting_ = {device_,        protocol.threads, protocol.batch,
                protocol.dtype, protocol.deploy,  protocol.flush_subnormals};
    limits_.batch = protocol.batch;
    limits_.threads = protocol.threads;
  }

  /// Half of the models are drawn, the others chosen where the ensembles disagree.
  predict::TimePredictor train() {
    const auto models = static_cast<std::size_t>(request_.models);
    core::Random random(core::mix64(static_cast<std::uint64_t>(request_.seed), "train"));
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
    core::Random random(core::mix64(static_cast<std::uint64_t>(request_.seed), "test"));
    measure(predict::draw_models(random, static_cast<std::size_t>(request_.test), limits_), true);
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
  const std::vector<Miss>& misses() const { return misses_; }

 private:
  core::Json header() const {
    core::Json json = core::Json::object();
    json["calibration"] = 1;
    json["device"] = device_;
    json["seed"] = request_.seed;
    json["reference"] = kReference;
    json["protocol"] = sweep::protocol_json(request_.protocol, true);
    return json;
  }

  predict::TimePredictor fit() const {
    predict::TrainSettings settings = request_.training;
    settings.seed = static_cast<std::uint64_t>(request_.seed);
    return predict::train_predictor(
        setting_, predict::timed_graphs(file_.samples(), false, setting_), settings);
  }

  /// Whether 9 of 10 held-out models lie within the error asked for.
  bool is_good_enough(const predict::TimePredictor& predictor) const {
    if (!(request_.until > 0)) return false;
    std::vector<double> errors;
    for (const double ratio : predictor.errors.log_ratios) errors.push_back(std::abs(ratio));
    return stats::quantile(errors, 0.9) <= request_.until;
  }

  std::vector<core::Json> chosen(const predict::TimePredictor& predictor, std::size_t count) const {
    core::Random random(core::mix64(core::mix64(static_cast<std::uint64_t>(request_.seed), "pool"),
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
    request.protocol = request_.protocol;
    request.reference = {kReference, architecture::resolve_model(kReference).spec};
    for (const core::Json& knobs : models)
      request.candidates.push_back(
          {{architecture::template_name(knobs), architecture::expand_knobs(knobs, "a drawn model")},
           true});
    Job job(sink_, is_test ? "test models" : "training models",
            static_cast<std::int64_t>(models.size()));
    std::int64_t done = 0;
    engines_.answer(request, [&](const messages::Event& event) {
      if (const auto* said = std::get_if<messages::Note>(&event)) sink_(Note{said->note});
      const auto* sample = std::get_if<messages::Sample>(&event);
      if (!sample) return;
      file_.add(models.at(sample->index), is_test, *sample);
      job.move_to(++done);
    });
    job.finish();
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
    for (const predict::CalibrationSample& sample : file_.samples()) {
      if (!sample.is_test) continue;
      const std::size_t i = misses_.size();
      misses_.push_back(
          {predicted[i] / measured[i] - 1, measured[i], sample.spread(), sample.knobs});
    }
    std::stable_sort(misses_.begin(), misses_.end(), [](const Miss& a, const Miss& b) {
      return std::abs(a.error) > std::abs(b.error);
    });
    if (misses_.size() > kMostMisses) misses_.resize(kMostMisses);
  }

  const CalibrateRequest& request_;
  Engines& engines_;
  const EventSink& sink_;
  std::string device_;
  predict::SampleFile file_;
  predict::PredictorSetting setting_;
  predict::ModelSpaceLimits limits_;
  std::vector<Miss> misses_;
};

double p90_of(const predict::PredictorErrors& errors) {
  std::vector<double> sizes;
  for (const double ratio : errors.log_ratios) sizes.push_back(std::abs(std::expm1(-ratio)));
  return stats::quantile(sizes, 0.9);
}

}  // namespace

CalibrateOutcome calibrate(const CalibrateRequest& request, Engines& engines,
                           const EventSink& sink) {
  if (request.protocol.runtime != sweep::Runtime::kLibtorch)
    throw core::UserError("a predictor is trained on vitlab's own runtime; the protocol names " +
                          std::string(core::word_of(request.protocol.runtime)));
  Calibration calibration(request, engines, sink);
  CalibrateOutcome outcome;
  outcome.predictor = calibration.train();
  outcome.held_out_p90_error = p90_of(outcome.predictor.errors);
  if (request.test > 0) outcome.scores = calibration.test(outcome.predictor);
  outcome.worst = calibration.misses();
  predict::write_predictor(outcome.predictor, request.out);
  outcome.models = calibration.trained_on();
  return outcome;
}

}  // namespace vitlab::lab
