#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/random.h"
#include "spec/cost_counter.h"
#include "spec/presets.h"

namespace vitlab {
namespace {

const ModelSpec& m0() {
  static const ModelSpec spec = resolve_model("efficientvit_m0").spec;
  return spec;
}

/// Draws M0-like models as a sweep does: knobs with a few levels each and widths in multiples of 8
/// around M0's, so that two models share layers but hardly ever are the same.
class Sweep {
 public:
  ModelSpec next() {
    Json knobs = Json::object();
    knobs["template"] = "efficientvit";
    knobs["depths"] = {between(1, 2), between(1, 3), between(2, 4)};
    const Index heads = between(2, 4);
    knobs["heads"] = heads;
    knobs["widths"] = {width(48, 80, heads), width(96, 160, heads), width(160, 224, heads)};
    knobs["qk_dim"] = 8 * between(1, 4);
    knobs["ffn_ratio"] = 0.5 * static_cast<double>(between(2, 6));
    return expand_knobs_untried(knobs, "bench");
  }

  std::vector<ModelSpec> next(std::size_t count) {
    std::vector<ModelSpec> specs;
    for (std::size_t i = 0; i < count; ++i) specs.push_back(next());
    return specs;
  }

 private:
  Index between(Index low, Index high) {
    return low + static_cast<Index>(random_.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  Index width(Index low, Index high, Index heads) {
    const Index quantum = heads == 3 ? 24 : 8;
    return between(low / quantum, high / quantum) * quantum;
  }

  Random random_{1};
};

void per_model(benchmark::State& state, Index models) {
  state.counters["models/s"] =
      benchmark::Counter(static_cast<double>(models), benchmark::Counter::kIsRate);
}

/// The whole graph is written and counted.
void whole_graph(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(graph_cost(build_graph(m0())));
  per_model(state, state.iterations());
}

/// A counter that has seen nothing: each layer of the model is written once.
void cold_counter(benchmark::State& state) {
  for (auto _ : state) {
    CostCounter counter;
    benchmark::DoNotOptimize(counter.count(m0()));
  }
  per_model(state, state.iterations());
}

/// A sweep's stream of models, none seen before, through one counter; the models are drawn outside
/// the measured time.
void stream_of_models(benchmark::State& state) {
  constexpr std::size_t kBlock = 512;
  Sweep sweep;
  CostCounter counter;
  for (auto _ : state) {
    state.PauseTiming();
    const std::vector<ModelSpec> specs = sweep.next(kBlock);
    state.ResumeTiming();
    for (const ModelSpec& spec : specs) benchmark::DoNotOptimize(counter.count(spec));
  }
  per_model(state, state.iterations() * static_cast<Index>(kBlock));
}

/// The same with the knobs read and the model written out, as `plan` and `solve` need it.
void stream_from_knobs(benchmark::State& state) {
  Sweep sweep;
  CostCounter counter;
  for (auto _ : state) benchmark::DoNotOptimize(counter.count(sweep.next()));
  per_model(state, state.iterations());
}

BENCHMARK(whole_graph);
BENCHMARK(cold_counter);
BENCHMARK(stream_of_models);
BENCHMARK(stream_from_knobs);

}  // namespace
}  // namespace vitlab
