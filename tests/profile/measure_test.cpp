#include "profile/measure.h"

#include <ATen/Parallel.h>

#include "test.hpp"
#include "timed_models.h"

namespace vitlab {

TEST_CASE("a model is as fast as itself, a much larger one slower") {
  Protocol protocol = short_protocol();
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
    CHECK(model.rounds.size() == 11);
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
  Protocol protocol = short_protocol();
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
    CHECK(model.rounds.size() == 2);
    CHECK(model.rounds[0].size() == 3);
    CHECK(model.speed.latency_ms.count == 6);
  }
  const Json json = measured_json(measured, 0);
  CHECK(json["reference"] == "b");
  CHECK(json["samples_ms_by_round"].size() == 2);
  CHECK(json["samples_ms_by_round"][1].size() == 3);
  CHECK(json["latency_ms"]["samples"] == 6);
  const std::vector<MetricValue> metrics = metrics_of(measured, 0);
  REQUIRE(metrics.size() == 3);
  CHECK(metrics[0].metric == "throughput");
  CHECK(metrics[0].samples == 6);
  CHECK(metrics[2].metric == "throughput_ratio");
  CHECK(metrics[2].samples == 2);
}

TEST_CASE("a model that does not fit into memory leaves the others their numbers") {
  Protocol protocol = short_protocol();
  protocol.batch = 1;
  protocol.deploy = false;
  protocol.timed_seconds = 0.02;
  NamedGraph huge = small_model("huge");
  for (Value& value : huge.graph.values)
    if (value.batched) value.shape[0] = Index{1} << 40;
  const Measurement measured = measure_interleaved({small_model("small"), huge}, protocol, 0);
  CHECK_FALSE(measured.models[0].out_of_memory);
  CHECK(measured.models[0].ratio->value == 1);
  REQUIRE(measured.models[1].out_of_memory);
  CHECK_FALSE(measured.models[1].ratio);
  CHECK(metrics_of(measured, 1).empty());
  CHECK(measured_json(measured, 1).contains("out_of_memory"));
}

TEST_CASE("errors that are not of memory pass") {
  CHECK_THROWS_AS(out_of_memory(1, [] { throw UserError("else"); }), UserError);
  CHECK_THROWS_AS(out_of_memory(1, [] { at::ones({2}).view({3}); }), c10::Error);
  CHECK_FALSE(out_of_memory(1, [] {}));
  CHECK(out_of_memory(7, [] { throw std::bad_alloc(); }) ==
        "batch 7: the program got no more memory");
  CHECK(out_of_memory(7, [] { at::empty({Index{1} << 60}, at::kByte); }));
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
  Environment machine;
  machine.cores = 4;
  machine.threads = 1;
  CHECK(timing_warnings({}, machine).empty());
  NoiseVerdict noise;
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

TEST_CASE("the environment knows the machine") {
  const Environment machine = environment(at::kCPU);
  CHECK_FALSE(machine.processor.empty());
  CHECK(machine.device == machine.processor);
  CHECK(machine.cores >= 1);
  CHECK(machine.memory_bytes > machine.available_memory_bytes);
  CHECK(machine.available_memory_bytes > 0);
  CHECK_THAT(machine.torch_version, Catch::StartsWith("2."));
  const Json json = environment_json(machine);
  CHECK(json["cores"] == machine.cores);
  CHECK(json.contains("load_average"));
}

}  // namespace vitlab
