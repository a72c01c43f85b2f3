#include "predict/time_predictor.h"

#include <algorithm>
#include <fstream>
#include <numeric>

#include "core/error.h"
#include "planted_device.h"
#include "predict/prediction_scores.h"
#include "predict/predictor_file.h"
#include "predict/sample_file.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::predict {
namespace {

const PredictorSetting kHere{"a planted device", 1, 4, graph::Dtype::kFloat32, true, true};

/// Trained once for the tests of this file, which only read it.
const TimePredictor& trained() {
  static const TimePredictor predictor = [] {
    RuledDevice device;
    return train_predictor(kHere, device.time_drawn(60, 1), quick_training());
  }();
  return predictor;
}

TEST_CASE("a device of a known rule is predicted within its noise, better than by one number") {
  RuledDevice device;
  const auto test = device.time_drawn(40, 2);
  std::vector<double> measured, predicted, flops;
  for (const TimedGraph& model : test) {
    measured.push_back(model.seconds);
    predicted.push_back(predict_time(trained(), model.ops).seconds);
    double sum = 0;
    for (const OpFeatures& op : model.ops) sum += op.flops;
    flops.push_back(sum);
  }
  const PredictionScore score = score_predictions("predictor", predicted, measured);
  CHECK(score.within_10.value >= 0.9);
  CHECK(score.rank_correlation.value > 0.97);
  CHECK(score.median_error < 0.04);
  const OneNumberBaseline baseline = fit_baseline(flops, measured);
  for (double& x : flops) x = baseline.seconds(x);
  const PredictionScore by_flops = score_predictions("FLOPs only", flops, measured);
  CHECK(by_flops.median_error > 2 * score.median_error);
  CHECK(by_flops.within_10.value < score.within_10.value);
}

TEST_CASE("a prediction is the sum of its ops and the remainder, whatever their order") {
  RuledDevice device;
  for (const TimedGraph& model : device.time_drawn(5, 9)) {
    const Prediction whole = predict_time(trained(), model.ops);
    REQUIRE(whole.op_seconds.size() == model.ops.size());
    CHECK(whole.seconds ==
          Approx(std::accumulate(whole.op_seconds.begin(), whole.op_seconds.end(), 0.0) +
                 whole.remainder));
    const double nodes = static_cast<double>(model.ops.size());
    CHECK(whole.remainder == Approx(trained().scale * (trained().once + trained().per_op * nodes)));
    CHECK(whole.interval.low < whole.seconds);
    CHECK(whole.seconds < whole.interval.high);
    std::vector<OpFeatures> turned(model.ops.rbegin(), model.ops.rend());
    CHECK(predict_time(trained(), turned).seconds == Approx(whole.seconds));
    std::vector<OpFeatures> twice = model.ops;
    twice.insert(twice.end(), model.ops.begin(), model.ops.end());
    CHECK(predict_time(trained(), twice).seconds ==
          Approx(2 * whole.seconds - trained().scale * trained().once));
  }
}

TEST_CASE("the interval covers about as many unseen models as it says") {
  RuledDevice device;
  int covered = 0, models = 0;
  for (const TimedGraph& model : device.time_drawn(60, 21)) {
    covered += predict_time(trained(), model.ops).interval.contains(model.seconds);
    ++models;
  }
  CHECK(covered > 0.75 * models);
}

TEST_CASE("what training never saw is named") {
  const auto giant =
      features_for(architecture::build_graph(architecture::resolve_model("swinv2_g").spec), kHere);
  CHECK_FALSE(predict_time(trained(), giant).unseen.empty());
  std::vector<OpFeatures> strange = giant;
  strange.resize(1);
  strange[0].kind = "unheard_of";
  const Prediction prediction = predict_time(trained(), strange);
  CHECK(prediction.unseen == std::vector<std::string>{"unheard_of was never seen"});
  CHECK(prediction.seconds > 0);
}

TEST_CASE("models whose ensembles disagree are chosen first") {
  RuledDevice device;
  std::vector<std::vector<OpFeatures>> pool;
  for (const TimedGraph& model : device.time_drawn(20, 31)) pool.push_back(model.ops);
  const auto chosen = least_agreed(trained(), pool, 5);
  REQUIRE(chosen.size() == 5);
  double least = 1;
  for (const std::size_t i : chosen)
    least = std::min(least, predict_time(trained(), pool[i]).disagreement);
  for (std::size_t i = 0; i < pool.size(); ++i)
    if (std::find(chosen.begin(), chosen.end(), i) == chosen.end())
      CHECK(predict_time(trained(), pool[i]).disagreement <= least);
}

TEST_CASE("a predictor reads back from its file and predicts the same") {
  TemporaryFolder folder;
  write_predictor(trained(), folder / "predictor.json");
  const TimePredictor read = read_predictor(folder / "predictor.json");
  CHECK(read.setting == trained().setting);
  CHECK(core::dump_json(predictor_json(read)) == core::dump_json(predictor_json(trained())));
  RuledDevice device;
  for (const TimedGraph& model : device.time_drawn(5, 4)) {
    const Prediction before = predict_time(trained(), model.ops);
    const Prediction after = predict_time(read, model.ops);
    CHECK(before.seconds == after.seconds);
    CHECK(before.interval.low == after.interval.low);
    CHECK(before.disagreement == after.disagreement);
  }
}

std::string file_refusal(const std::string& text) {
  TemporaryFolder folder;
  std::ofstream(folder / "p.json") << text;
  try {
    read_predictor(folder / "p.json");
  } catch (const core::UserError& error) {
    const std::string words = error.what();
    return words.substr(words.find("p.json"));
  }
  return "read";
}

TEST_CASE("a predictor's file that was cut or changed is refused with the place") {
  const std::string text = core::dump_json(predictor_json(trained()));
  CHECK(file_refusal(text) == "read");
  for (const double share : {0.1, 0.5, 0.999})
    CHECK(file_refusal(
              text.substr(0, static_cast<std::size_t>(share * static_cast<double>(text.size()))))
              .find("at byte") != std::string::npos);
  core::Json changed = predictor_json(trained());
  changed["whole"]["scale"] = 2;
  CHECK(file_refusal(core::dump_json(changed)).find("p.json: checksum does not fit") == 0);
  core::Json other = predictor_json(trained());
  other["what"] = "a shopping list";
  CHECK(file_refusal(core::dump_json(other)).find("p.json: this is no latency predictor") == 0);
  core::Json missing = predictor_json(trained());
  missing.erase("kinds");
  CHECK(file_refusal(core::dump_json(missing)).find("p.json: kinds is missing; calibrate again") ==
        0);
  CHECK(file_refusal("[]") == "p.json: must be a map, got a list; calibrate again");
  CHECK(file_refusal("{}") == "p.json: what is missing; calibrate again");
}

SampleTimes planted_times(double milliseconds, double spread, std::size_t ops) {
  return {.latency_ms = milliseconds,
          .p5_ms = milliseconds,
          .p95_ms = milliseconds * spread,
          .reference_ms = 10,
          .forwards = 9,
          .ops_us = std::vector<double>(ops, 5)};
}

TEST_CASE("samples outlive their program, the steadier of two counts, and a torn line is dropped") {
  TemporaryFolder folder;
  const auto path = folder / "s.jsonl";
  const core::Json header{{"seed", 0}}, vit{{"template", "vit"}}, swin{{"template", "swin"}};
  {
    SampleFile file(path, header);
    file.add(vit, false, planted_times(20, 1.5, 3));
    file.add(vit, false, planted_times(18, 1.1, 3));
    file.add(vit, false, planted_times(25, 1.9, 3));
    file.add(swin, true, planted_times(30, 1, 3));
  }
  std::ofstream(path, std::ios::app) << "{\"set\": \"train\", \"knobs\": {\"templ";
  const SampleFile read(path, header);
  CHECK(read.count(false) == 1);
  CHECK(read.count(true) == 1);
  CHECK(read.measured(vit, false) == 3);
  CHECK(read.has(vit, false));
  CHECK_FALSE(read.has(vit, true));
  CHECK(read.samples()[0].seconds == Approx(0.018));
  CHECK_THROWS_AS(SampleFile(path, core::Json{{"seed", 1}}), core::UserError);
  std::ofstream(path, std::ios::app) << "{\"set\": 3}\n";
  try {
    const SampleFile broken(path, header);
    FAIL("a line without times was read");
  } catch (const core::UserError& error) {
    CHECK(std::string(error.what()).find("s.jsonl:6: set must be a text, got 3; remove the line") !=
          std::string::npos);
  }
}

TEST_CASE("drift of the machine is divided out by the reference") {
  TemporaryFolder folder;
  SampleFile file(folder / "s.jsonl", core::Json::object());
  const core::Json vit{{"template", "vit"}, {"image_size", 32}, {"depth", 1}};
  core::Json deep = vit;
  deep["depth"] = 2;
  const std::size_t nodes = features_of_knobs(vit, kHere).size();
  file.add(vit, false, planted_times(20, 1, nodes));
  SampleTimes slow = planted_times(40, 1, features_of_knobs(deep, kHere).size());
  slow.reference_ms = 20;
  file.add(deep, false, slow);
  const auto timed = timed_graphs(file.samples(), false, kHere);
  CHECK(timed[1].seconds == Approx(timed[0].seconds));
  CHECK(timed[1].op_seconds[0] == Approx(0.5 * timed[0].op_seconds[0]));
  // Models that are tested later, at another speed of the machine, do not move the unit of time.
  for (int i = 3; i < 6; ++i) {
    core::Json other = vit;
    other["depth"] = i;
    SampleTimes event = planted_times(60, 1, features_of_knobs(other, kHere).size());
    event.reference_ms = 30;
    file.add(other, true, event);
  }
  const auto again = timed_graphs(file.samples(), false, kHere);
  REQUIRE(again.size() == timed.size());
  for (std::size_t i = 0; i < timed.size(); ++i) CHECK(again[i].seconds == timed[i].seconds);
  CHECK(timed_graphs(file.samples(), true, kHere)[0].seconds == Approx(timed[0].seconds));
  file.add(core::Json{{"template", "swin"}}, false, planted_times(20, 1, 3));
  CHECK_THROWS_AS(timed_graphs(file.samples(), false, kHere), core::UserError);
}

}  // namespace
}  // namespace vitlab::predict
