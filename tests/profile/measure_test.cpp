#include "profile/measure.h"

#include <ATen/Parallel.h>

#include "profile/own_candidate.h"
#include "test.hpp"
#include "timed_models.h"

namespace vitlab::profile {

TEST_CASE("a model is as fast as itself, a much larger one slower") {
  sweep::Protocol protocol = short_protocol();
  protocol.rounds = 11;
  protocol.timed_seconds = 0.8;
  const Measurement measured = measure_interleaved(
      {small_model("reference"), small_model("same"), small_model("large", "[96, 128, 192]")},
      protocol, 0);
  REQUIRE(measured.models.size() == 3);
  REQUIRE(measured.models[1].ratio);
  REQUIRE(measured.models[2].ratio);
  CHECK(measured.models[0].ratio->value == 1);
  CHECK(measured.models[1].ratio->value > 0.8);
  CHECK(measured.models[1].ratio->value < 1.25);
  CHECK(measured.models[2].ratio->value < 0.8);
  for (const MeasuredModel& model : measured.models) {
    CHECK(model.turns.rounds.size() == 11);
    CHECK(model.ratio->low <= model.ratio->value);
    CHECK(model.ratio->value <= model.ratio->high);
  }
}

TEST_CASE("speed counts images a second and milliseconds a batch") {
  const Speed speed = speed_of({0.5, 0.25, 0.125}, 8);
  CHECK(speed.latency_ms.median == 250);
  CHECK(speed.latency_ms.mean == Approx(875.0 / 3));
  CHECK(speed.images_per_s.median == 32);
  CHECK(speed.images_per_s.max == 64);
  CHECK(speed.images_per_s.count == 3);
}

TEST_CASE("every round has its least samples and every sample is kept") {
  sweep::Protocol protocol = short_protocol();
  protocol.timed_seconds = 0;
  protocol.warmup_seconds = 0;
  protocol.min_samples = 3;
  protocol.rounds = 2;
  std::vector<std::string> turns;
  const Measurement measured =
      measure_interleaved({small_model("a"), small_model("b")}, protocol, 1,
                          [&](std::int64_t done, std::int64_t total, const std::string& name) {
                            CHECK(total == 6);
                            CHECK(done == static_cast<std::int64_t>(turns.size()) + 1);
                            turns.push_back(name);
                          });
  CHECK(turns == std::vector<std::string>{"a", "b", "a", "b", "b", "a"});
  for (const MeasuredModel& model : measured.models) {
    CHECK(model.turns.rounds.size() == 2);
    CHECK(model.turns.rounds[0].size() == 3);
    CHECK(model.speed.latency_ms.count == 6);
  }
  const messages::MeasuredModel told = measured_model(measured, 0);
  CHECK(told.reference == "b");
  REQUIRE(told.samples_ms_by_round);
  CHECK(told.samples_ms_by_round->size() == 2);
  CHECK(told.samples_ms_by_round->at(1).size() == 3);
  CHECK(told.latency_ms.value().samples == 6);
  CHECK(told.runtime == "vitlab");
  const std::vector<store::MetricValue> metrics = metrics_of(measured, 0);
  REQUIRE(metrics.size() == 3);
  CHECK(metrics[0].metric == "throughput");
  CHECK(metrics[0].samples == 6);
  CHECK(metrics[2].metric == "throughput_ratio");
  CHECK(metrics[2].samples == 2);
}

TEST_CASE("a model that does not fit into memory leaves the others their numbers") {
  sweep::Protocol protocol = short_protocol();
  protocol.batch = 1;
  protocol.deploy = false;
  protocol.timed_seconds = 0.02;
  NamedGraph huge = small_model("huge");
  for (graph::Value& value : huge.graph.values)
    if (value.batched) value.shape[0] = graph::Index{1} << 40;
  const Measurement measured = measure_interleaved({small_model("small"), huge}, protocol, 0);
  CHECK_FALSE(measured.models[0].turns.out_of_memory);
  CHECK(measured.models[0].ratio->value == 1);
  REQUIRE(measured.models[1].turns.out_of_memory);
  CHECK_FALSE(measured.models[1].ratio);
  CHECK(metrics_of(measured, 1).empty());
  CHECK(measured_model(measured, 1).out_of_memory == measured.models[1].turns.out_of_memory);
  CHECK_FALSE(measured_model(measured, 1).has_speed());
}

namespace {

/// A run that takes what its script says; counts how often one is opened.
class ScriptedRun : public TimedRun {
 public:
  explicit ScriptedRun(std::function<double()> script) : script_(std::move(script)) {}
  double forward() override { return script_(); }

 private:
  std::function<double()> script_;
};

Candidate scripted(const std::string& name, std::function<double()> script, int* opened = nullptr,
                   graph::Index bytes = 0) {
  sweep::Protocol protocol;
  protocol.batch = 4;
  protocol.warmup_seconds = 0;
  protocol.timed_seconds = 0;
  protocol.min_samples = 4;
  return {name, protocol, bytes, [script = std::move(script), opened] {
            if (opened != nullptr) ++*opened;
            return std::make_unique<ScriptedRun>(script);
          }};
}

}  // namespace

TEST_CASE("a candidate that fails leaves the others their numbers, other errors pass") {
  int calls = 0;
  const auto dies = [&calls]() -> double {
    if (++calls > 5) throw core::Failure("the worker is gone");
    return 0.5;
  };
  const auto steady = [] { return 0.25; };
  const Measurement measured =
      measure_interleaved({scripted("dies", dies), scripted("steady", steady)}, 1);
  CHECK(measured.models[0].turns.failed == "the worker is gone");
  CHECK(measured.models[0].turns.rounds.empty());
  CHECK(measured.models[1].speed.images_per_s.median == 16);
  CHECK(metrics_of(measured, 0).empty());
  const auto broken = []() -> double { throw std::logic_error("broken promise"); };
  CHECK_THROWS_AS(measure_interleaved({scripted("broken", broken)}, 0), std::logic_error);
}

TEST_CASE("ratios compare images a second where batches differ") {
  Candidate small = scripted("small", [] { return 0.5; });
  Candidate large = scripted("large", [] { return 1.0; });
  large.protocol.batch = 16;
  const Measurement measured = measure_interleaved({small, large}, 0);
  CHECK(measured.models[1].ratio->value == 2);
  CHECK(measured.models[1].speed.images_per_s.median == 16);
}

TEST_CASE("candidates that memory does not hold together are closed and opened again by turns") {
  int opened[3] = {};
  const graph::Index half = usable_memory_bytes() * 2;
  std::vector<Candidate> candidates;
  for (int& count : opened)
    candidates.push_back(scripted(
        "large", [] { return 0.5; }, &count, half));
  const Measurement measured = measure_interleaved(candidates, 0);
  for (const int count : opened) CHECK(count >= 3);
  for (const MeasuredModel& model : measured.models) CHECK(model.turns.rounds.size() == 3);
  int once = 0;
  measure_interleaved({scripted(
                          "small", [] { return 0.5; }, &once)},
                      0);
  CHECK(once == 1);
}

TEST_CASE("rounds go on until every median is settled, five times as long at most") {
  int calls = 0;
  const auto wild = [&calls] { return 1.0 + 0.5 * (++calls % 7); };
  const auto steady = [] { return 0.25; };
  const Measurement measured = measure_interleaved(
      {scripted("wild", wild), scripted("steady", steady)}, 1, {}, {.until = 0.001, .most = 3});
  CHECK(measured.models[0].turns.rounds.size() == 9);
  CHECK(measured.models[1].turns.rounds.size() == 3);
  CHECK(is_settled({{1, 1}, {1, 1}}, 0.01));
  CHECK_FALSE(is_settled({{1, 2}, {1, 2}}, 0.01));
}

TEST_CASE("the largest batch that fits is told for each setting") {
  const auto fits = [] { return 0.5; };
  const auto too_large = []() -> double { throw std::bad_alloc(); };
  std::vector<Candidate> candidates;
  for (const graph::Index batch : {1, 2, 4, 8}) {
    candidates.push_back(scripted("m", batch < 4 ? std::function<double()>(fits) : too_large));
    candidates.back().protocol.batch = batch;
  }
  candidates.push_back(scripted("m", fits));
  candidates.back().protocol.threads = 2;
  const std::vector<messages::LargestBatch> rows =
      largest_batches(measure_interleaved(candidates, 0));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].threads == 1);
  CHECK(rows[0].batch == 2);
  CHECK(rows[0].too_large == 4);
  CHECK(rows[1].batch == 4);
  CHECK_FALSE(rows[1].too_large);
}

TEST_CASE("candidates of one form share its weights while they are open") {
  const NamedGraph model = small_model("m");
  int loads = 0;
  const auto forms = std::make_shared<ModelForms>("m", model.graph, [&] {
    ++loads;
    return model.weights;
  });
  sweep::Protocol protocol = short_protocol();
  const auto first = own_candidate(forms, protocol).open();
  protocol.batch = 8;
  const auto second = own_candidate(forms, protocol).open();
  CHECK(loads == 1);
  protocol.deploy = false;
  const auto third = own_candidate(forms, protocol).open();
  CHECK(loads == 2);
  CHECK(first->forward() > 0);
  CHECK(third->forward() > 0);
}

TEST_CASE("errors that are not of memory pass") {
  CHECK_THROWS_AS(out_of_memory(1, [] { throw core::UserError("else"); }), core::UserError);
  CHECK_THROWS_AS(out_of_memory(1, [] { at::ones({2}).view({3}); }), c10::Error);
  CHECK_FALSE(out_of_memory(1, [] {}));
  CHECK(out_of_memory(7, [] { throw std::bad_alloc(); }) ==
        "batch 7: the program got no more memory");
  CHECK(out_of_memory(7, [] { at::empty({graph::Index{1} << 60}, at::kByte); }));
}

TEST_CASE("the number of threads is put back") {
  const int before = at::get_num_threads();
  {
    const ThreadsInUse threads(before + 1);
    CHECK(at::get_num_threads() == before + 1);
  }
  CHECK(at::get_num_threads() == before);
}

TEST_CASE("warnings name noise, drift and a busy machine") {
  messages::Environment machine;
  machine.cores = 4;
  machine.threads = 1;
  CHECK(timing_warnings({}, machine).empty());
  stats::NoiseVerdict noise;
  noise.relative_iqr = 0.123;
  noise.is_noisy = true;
  noise.half_drift = -0.05;
  noise.is_drifting = true;
  machine.load_average = 3.5;
  const std::vector<std::string> warnings = timing_warnings(noise, machine);
  REQUIRE(warnings.size() == 3);
  CHECK_THAT(warnings[0], Catch::Contains("noisy") && Catch::Contains("12.3 %"));
  CHECK_THAT(warnings[1], Catch::Contains("drifting") && Catch::Contains("-5.0 %"));
  CHECK_THAT(warnings[2], Catch::Contains("busy") && Catch::Contains("3.5 on 4 cores"));
}

TEST_CASE("outliers are told where the middle half is steady") {
  MeasuredModel model;
  std::vector<double> seconds(100, 1.0);
  for (std::size_t i = 0; i < 8; ++i) seconds[i * 12] = 2;
  model.speed = speed_of(seconds, 1);
  const std::vector<std::string> warnings = speed_warnings(model);
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Catch::StartsWith("uneven: ") && Catch::Contains("2.00 times"));
  model.speed = speed_of(std::vector<double>(100, 1.0), 1);
  CHECK(speed_warnings(model).empty());
}

TEST_CASE("the environment knows the machine") {
  const messages::Environment machine = environment(at::kCPU);
  CHECK_FALSE(machine.processor.empty());
  CHECK(machine.device == machine.processor);
  CHECK(machine.cores >= 1);
  CHECK(machine.memory_bytes > machine.available_memory_bytes);
  CHECK(machine.available_memory_bytes > 0);
  CHECK_THAT(machine.torch_version, Catch::StartsWith("2."));
}

}  // namespace vitlab::profile
