#include "lab/calibrate.h"

#include <cmath>

#include "core/processor.h"
#include "lab/fake_engines.h"
#include "predict/planted_device.h"
#include "predict/predictor_file.h"
#include "test.hpp"

namespace vitlab::lab {
namespace {

std::vector<double> microseconds(std::vector<double> seconds) {
  for (double& x : seconds) x *= 1e6;
  return seconds;
}

/// An engine on a device whose rule of time is known.
struct PlantedSampler {
  std::size_t samples = 0;
  std::size_t interrupted_after = 1000;
  std::size_t noisy = 1000;  // the sample whose times are spread wide

  void operator()(const messages::SampleRequest& request, const schedule::OnEvent& on_event) {
    for (std::size_t i = 0; i < request.candidates.size(); ++i) {
      if (samples == interrupted_after) throw core::Interrupted("stopped");
      predict::RuledDevice device{.noise = 0};
      const predict::TimedGraph timed =
          device.time(graph::fold(architecture::build_graph(request.candidates[i].spec)).graph);
      messages::Sample sample;
      sample.index = i;
      sample.latency_ms = 1e3 * timed.seconds;
      sample.p5_ms = 0.99 * sample.latency_ms;
      sample.p95_ms = (samples == noisy ? 2 : 1.01) * sample.latency_ms;
      sample.reference_ms = 1;
      sample.ops_us = sample.isolated_us = microseconds(timed.op_seconds);
      on_event(sample);
      ++samples;
    }
  }
};

class Calibrating {
 public:
  explicit Calibrating(PlantedSampler planted = {}) : sampler(planted) {
    engines.on_request = [this](const messages::Request& request,
                                const schedule::OnEvent& on_event) {
      const auto& wanted = std::get<messages::SampleRequest>(request);
      sampler(wanted, on_event);
      return core::to_json(messages::SampleAnswer{wanted.candidates.size(), {}});
    };
  }
  CalibrateOutcome run(const std::string& out, std::int64_t models, std::int64_t test = 0) {
    CalibrateRequest request;
    request.protocol.batch = 4;
    request.out = out;
    request.models = models;
    request.test = test;
    request.until = until;
    request.training = predict::quick_training();
    request.training.folds = 2;  // what is tested is the way, not the predictor
    request.training.boost.trees = 4;
    return calibrate(request, engines, told.sink());
  }

  PlantedSampler sampler;
  FakeEngines engines;
  ToldEvents told;
  double until = 0;
};

TEST_CASE("a predictor is trained on a planted device, tested on unseen models and written") {
  const SweepFiles files;
  Calibrating lab({.noisy = 1});
  const CalibrateOutcome outcome = lab.run(files / "p.json", 10, 2);
  CHECK(outcome.models == 10);
  CHECK(lab.sampler.samples == 10 + 2 + 1);  // the noisy one twice
  CHECK(lab.told.count("begin training models 5") == 1);
  CHECK(lab.told.count("training models 5") == 1);
  CHECK(lab.told.count("begin test models 2") == 1);
  REQUIRE(outcome.scores.size() == 4);
  CHECK(outcome.scores[0].name == "predictor");
  REQUIRE(outcome.worst.size() == 2);
  for (std::size_t i = 1; i < outcome.worst.size(); ++i)
    CHECK(std::abs(outcome.worst[i - 1].error) >= std::abs(outcome.worst[i].error));
  CHECK(outcome.held_out_p90_error > 0);
  const predict::TimePredictor written = predict::read_predictor(files / "p.json");
  CHECK(written.setting.device == core::processor_name());
  CHECK(written.errors.from_test);
  CHECK(predict::predictor_json(written) == predict::predictor_json(outcome.predictor));
}

TEST_CASE("an interrupted calibration measures only what it lacks and trains the same") {
  const SweepFiles files;
  Calibrating stopped({.interrupted_after = 7}), resumed, whole;
  CHECK_THROWS_AS(stopped.run(files / "p.json", 10), core::Interrupted);
  CHECK(stopped.told.lines().back() == "drop training models");
  CHECK_FALSE(std::filesystem::exists(files / "p.json"));
  resumed.run(files / "p.json", 10);
  CHECK(resumed.sampler.samples == 10 - 7);
  whole.run(files / "whole.json", 10);
  CHECK(store::content_of(files / "p.json") == store::content_of(files / "whole.json"));
  CHECK(store::content_of(files / "p.json.samples.jsonl") ==
        store::content_of(files / "whole.json.samples.jsonl"));
}

TEST_CASE("calibrating stops early once the held-out models are near enough") {
  const SweepFiles files;
  Calibrating lab;
  lab.until = 100;
  CHECK(lab.run(files / "p.json", 20).models == 10);
}

TEST_CASE("a protocol of another runtime trains no predictor") {
  FakeEngines engines;
  ToldEvents told;
  CalibrateRequest request;
  request.protocol.runtime = sweep::Runtime::kOnnxruntime;
  CHECK_THROWS_WITH(calibrate(request, engines, told.sink()),
                    Catch::Contains("the protocol names onnxruntime"));
}

}  // namespace
}  // namespace vitlab::lab
