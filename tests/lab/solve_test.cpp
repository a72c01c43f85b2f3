#include <cmath>

#include "core/processor.h"
#include "graph/cost.h"
#include "lab/fake_engines.h"
#include "lab/solve_model.h"
#include "lab/solve_sweep.h"
#include "predict/predictor_file.h"
#include "test.hpp"

namespace vitlab::lab {
namespace {

const core::Json kKnobs{{"template", "efficientvit"},
                        {"image_size", 16},
                        {"classes", 4},
                        {"stem_stride", 4},
                        {"depths", {1, 1}},
                        {"heads", 2},
                        {"qk_dim", 4},
                        {"kernels", {3, 3}},
                        {"window", 4},
                        {"widths", {16, 24}}};

/// Seconds of a batch by a rule, which no clock disturbs.
double ruled_seconds(const architecture::ModelSpec& spec) {
  return 1e-5 + 1e-9 * static_cast<double>(graph::graph_cost(architecture::build_graph(spec)).macs);
}

architecture::ModelSpec with_widths(const core::Json& widths) {
  core::Json knobs = kKnobs;
  knobs["widths"] = widths;
  return architecture::expand_knobs(knobs, "test");
}

/// An engine whose clock is planted; speeds beside a reference are known to ± `width`.
struct PlantedClock {
  double width = 0.001;
  std::optional<std::string> messages::SpeedRow::*failing = nullptr;  // why the last one has none

  core::Json operator()(const messages::Request& request, const schedule::OnEvent& on_event) const {
    on_event(messages::Note{"waits for the device"});
    on_event(messages::Progress{1, 2, ""});
    messages::MeasureAnswer answer;
    answer.environment.device = "a planted machine";
    double reference = 0;
    for (const auto& candidate : std::get<messages::MeasureRequest>(request).candidates) {
      const double seconds = ruled_seconds(candidate.spec.value());
      if (answer.candidates.empty()) reference = seconds;
      const double ratio = reference / seconds;
      messages::CandidateRow row;
      row.model = candidate.name;
      row.samples_ms_by_round = {{1e3 * seconds}, {1001 * seconds}, {999 * seconds}};
      row.throughput_ratio = {{ratio, ratio * (1 - width), ratio * (1 + width)}, 3};
      answer.candidates.push_back(row);
    }
    if (failing) answer.candidates.back().*failing = "planted";
    return core::to_json(answer);
  }
};

SolveRequest speed_request(const std::string& metric, double equals) {
  SolveRequest request;
  request.knobs = kKnobs;
  request.step = 8;
  request.target.metric = metric;
  request.target.equals = equals;
  return request;
}

TEST_CASE("a knob is solved for a latency by a planted clock, which is told and counted") {
  const core::Json wanted{32, 48};
  FakeEngines engines;
  engines.on_request = PlantedClock();
  ToldEvents told;
  const SolveOutcome found = solve_model(
      speed_request("latency_ms", 1e3 * ruled_seconds(with_widths(wanted))), engines, told.sink());
  CHECK(found.knob == "widths");
  CHECK(found.value == wanted);
  CHECK(found.knobs.at("widths") == wanted);
  CHECK(found.why_not.empty());
  REQUIRE(found.speed);
  CHECK(found.speed->verdict == "met");
  CHECK(found.speed->low <= found.achieved);
  CHECK(found.achieved <= found.speed->high);
  CHECK(found.speed->measurements == static_cast<int>(engines.requests));
  CHECK(told.count("note waits for the device") == engines.requests);
  CHECK(told.count("finish measure widths=[32,48]") > 0);
}

TEST_CASE("a speed relative to a model is measured beside it") {
  const core::Json wanted{40, 56};
  FakeEngines engines;
  engines.on_request = PlantedClock();
  ToldEvents told;
  SolveRequest request = speed_request(
      "throughput", ruled_seconds(with_widths({16, 24})) / ruled_seconds(with_widths(wanted)));
  request.target.reference = {"small", with_widths({16, 24}), kKnobs, ""};
  const SolveOutcome found = solve_model(request, engines, told.sink());
  CHECK(std::abs(found.residual) <= request.target.tolerance);
  CHECK(found.why_not.empty());
  REQUIRE(found.speed);
  CHECK(found.speed->environment.device == "a planted machine");

  engines.on_request = PlantedClock{.width = 0.3};
  const SolveOutcome noisy = solve_model(request, engines, told.sink());
  CHECK(noisy.speed->verdict == "noisy");
  CHECK_THAT(noisy.why_not, Catch::Contains("wider than ±3 %"));
}

TEST_CASE("a model that cannot be measured fails with its name and the reason") {
  FakeEngines engines;
  ToldEvents told;
  const SolveRequest request = speed_request("latency_ms", 1);
  engines.on_request = PlantedClock{.failing = &messages::SpeedRow::out_of_memory};
  CHECK_THROWS_WITH(solve_model(request, engines, told.sink()),
                    Catch::Contains("widths=") && Catch::Contains(": out of memory, planted"));
  engines.on_request = PlantedClock{.failing = &messages::SpeedRow::failed};
  CHECK_THROWS_AS(solve_model(request, engines, told.sink()), core::Failure);
}

TEST_CASE("costs are counted without an engine") {
  FakeEngines engines;
  ToldEvents told;
  SolveRequest request = speed_request("macs", 2e5);
  request.target.tolerance = 0;
  const SolveOutcome found = solve_model(request, engines, told.sink());
  CHECK_FALSE(found.speed);
  CHECK(found.residual == Approx(found.achieved / 2e5 - 1));
  CHECK(found.why_not == "no multiple of 8 comes nearer to the target");
  CHECK(engines.requests == 0);
  CHECK(told.lines().empty());
}

TEST_CASE("a predictor proposes where it was trained for this machine and its threads") {
  const SweepFiles files;
  predict::TimePredictor predictor;
  predictor.setting.device = core::processor_name();
  predictor.other.rates = {1e-6, 1e-10, 1e-10, 1e-10, 0};
  predictor.errors.log_ratios = {-0.1, 0, 0.1};
  predictor.models = 3;
  predict::write_predictor(predictor, files / "here.json");
  predictor.setting.device = "some other processor";
  predict::write_predictor(predictor, files / "elsewhere.json");
  FakeEngines engines;
  ToldEvents told;
  SolveRequest request = speed_request("latency_ms", 1e3 * ruled_seconds(with_widths({16, 24})));
  engines.on_request = PlantedClock();
  request.predictor = files / "here.json";
  CHECK(solve_model(request, engines, told.sink()).value == core::Json{16, 24});
  request.target.protocol.threads = 7;
  CHECK_THROWS_WITH(solve_model(request, engines, told.sink()),
                    Catch::Contains("was trained for 1 thread(s), not 7"));
  // Whether the predictor is of this machine's GPU, only an engine knows.
  engines.on_request = [](const messages::Request& asked, const schedule::OnEvent&) {
    CHECK(std::holds_alternative<messages::DoctorRequest>(asked));
    messages::DoctorAnswer answer;
    answer.cuda.reason = "no GPU";
    return core::to_json(answer);
  };
  request.predictor = files / "elsewhere.json";
  CHECK_THROWS_WITH(solve_model(request, engines, told.sink()),
                    Catch::Contains("was trained on 'some other processor'"));
}

void write_speed_sweep(const SweepFiles& files) {
  files.write("model.yaml", architecture::knobs_yaml(kKnobs));
  files.write("sweep.yaml",
              "sweep: speeds" + std::string(SweepFiles::kBase) +
                  "  widths: [16, 24]\naxes: [{grid: {mixer: [cascaded, full]}}]\nderive:\n"
                  "  widths:\n    solve: {metric: throughput, equals: [0.9, 1.1], relative_to: " +
                  files / "model.yaml" +
                  ", protocol: measure.yaml, tolerance: 1, "
                  "multiple_of: 8}\nstages: [cost]\n");
}

TEST_CASE("widths of a sweep are locked one by one, and what is locked is not measured again") {
  const SweepFiles files;
  write_speed_sweep(files);
  FakeEngines engines;
  ToldEvents told;
  engines.on_request = [&](const messages::Request& request, const schedule::OnEvent& on_event) {
    if (engines.requests == 2) throw core::Interrupted("stopped");
    return PlantedClock()(request, on_event);
  };
  CHECK_THROWS_AS(run_sweep(files.request(), engines, told.sink()), core::Interrupted);
  CHECK(told.lines().back() == "drop solve widths");
  CHECK(engines.phases.empty());
  const sweep::SweepSpec spec = files.request().spec;
  CHECK(sweep::expand(spec, sweep::SolveLock::read(files / "store")).unsolved.size() == 3);

  FakeEngines others;
  others.on_request = PlantedClock();
  CHECK(run_sweep(files.request(), others, told.sink()).is_complete());
  CHECK(others.requests >= 3);
  CHECK(told.count("begin solve widths 3") == 1);
  CHECK(told.count("finish solve widths") == 1);
  FakeEngines idle;
  CHECK(run_sweep(files.request(), idle, told.sink()).is_complete());
  CHECK(idle.requests == 0);
}

}  // namespace
}  // namespace vitlab::lab
