#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "architecture/cost_counter.h"
#include "architecture/presets.h"
#include "core/random.h"

namespace vitlab {
namespace {

const architecture::ModelSpec& m0() {
  static const architecture::ModelSpec spec = architecture::resolve_model("efficientvit_m0").spec;
  return spec;
}

/// Draws M0-like models as a sweep does: knobs with a few levels each and widths in multiples of 8
/// around M0's, so that two models share layers but hardly ever are the same.
class Sweep {
 public:
  architecture::ModelSpec next() {
    core::Json knobs = core::Json::object();
    knobs["template"] = "efficientvit";
    knobs["depths"] = {between(1, 2), between(1, 3), between(2, 4)};
    const graph::Index heads = between(2, 4);
    knobs["heads"] = heads;
    knobs["widths"] = {width(48, 80, heads), width(96, 160, heads), width(160, 224, heads)};
    knobs["qk_dim"] = 8 * between(1, 4);
    knobs["ffn_ratio"] = 0.5 * static_cast<double>(between(2, 6));
    return architecture::expand_knobs_untried(knobs, "bench");
  }

  std::vector<architecture::ModelSpec> next(std::size_t count) {
    std::vector<architecture::ModelSpec> specs;
    for (std::size_t i = 0; i < count; ++i) specs.push_back(next());
    return specs;
  }

 private:
  graph::Index between(graph::Index low, graph::Index high) {
    return low +
           static_cast<graph::Index>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  graph::Index width(graph::Index low, graph::Index high, graph::Index heads) {
    const graph::Index quantum = heads == 3 ? 24 : 8;
    return between(low / quantum, high / quantum) * quantum;
  }

  core::Random random_{1};
};

void per_model(benchmark::State& state, graph::Index models) {
  state.counters["models/s"] =
      benchmark::Counter(static_cast<double>(models), benchmark::Counter::kIsRate);
}

/// The whole graph is written and counted.
void whole_graph(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(graph::graph_cost(architecture::build_graph(m0())));
  per_model(state, state.iterations());
}

/// A counter that has seen nothing: each layer of the model is written once.
void cold_counter(benchmark::State& state) {
  for (auto _ : state) {
    architecture::CostCounter counter;
    benchmark::DoNotOptimize(counter.count(m0()));
  }
  per_model(state, state.iterations());
}

/// A sweep's stream of models, none seen before, through one counter; the models are drawn outside
/// the measured time.
void stream_of_models(benchmark::State& state) {
  constexpr std::size_t kBlock = 512;
  Sweep sweep;
  architecture::CostCounter counter;
  for (auto _ : state) {
    state.PauseTiming();
    const std::vector<architecture::ModelSpec> specs = sweep.next(kBlock);
    state.ResumeTiming();
    for (const architecture::ModelSpec& spec : specs) benchmark::DoNotOptimize(counter.count(spec));
  }
  per_model(state, state.iterations() * static_cast<graph::Index>(kBlock));
}

/// The same with the knobs read and the model written out, as `plan` and `solve` need it.
void stream_from_knobs(benchmark::State& state) {
  Sweep sweep;
  architecture::CostCounter counter;
  for (auto _ : state) benchmark::DoNotOptimize(counter.count(sweep.next()));
  per_model(state, state.iterations());
}

BENCHMARK(whole_graph);
BENCHMARK(cold_counter);
BENCHMARK(stream_of_models);
BENCHMARK(stream_from_knobs);

}  // namespace
}  // namespace vitlab
