#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <c10/core/GradMode.h>

#include "architecture/presets.h"
#include "model/device.h"
#include "prune/cut.h"
#include "prune/scores.h"
#include "prune/scoring_batches.h"

namespace {

using namespace vitlab;

struct Subject {
  architecture::ModelSpec spec;
  model::Executor executor;
  model::Weights weights;
  std::unique_ptr<data::Dataset> dataset;
  sweep::PruneSettings settings;

  explicit Subject(const std::string& preset)
      : spec(architecture::resolve_model(preset).spec),
        executor(architecture::build_graph(spec)),
        weights(model::initial_weights(executor.graph(), 0)),
        dataset(
            data::open_dataset(data::parse_data_spec("synthetic:classes=10,size=224,count=64"))) {
    model::keep_freed_memory();
    model::set_threads(1);
    settings.batches = 1;
    settings.batch_size = 8;
  }

  double score_seconds() const {
    return seconds([&] {
      benchmark::DoNotOptimize(prune::scores_of(
          {spec, executor, weights, *dataset,
           prune::prune_candidates(spec, executor.graph(), settings), settings, 1}));
    });
  }

  /// The same batches forward and backward, as training runs them in evaluation mode.
  double backward_seconds() const {
    model::Weights leaves = model::copied(weights);
    model::require_gradients(executor.graph(), leaves);
    const c10::AutoGradMode with_gradients(true);
    return seconds([&] {
      prune::for_each_scoring_batch(
          executor.graph(), *dataset, settings, 1,
          [&](const at::Tensor& images, const at::Tensor& labels) {
            prune::mean_cross_entropy(executor.run(leaves, images), labels).backward();
          });
    });
  }

  template <typename Work>
  static double seconds(Work work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// `ratio` is scoring over one forward and backward, taken in turns: must stay at or below 1.10.
void scoring(benchmark::State& state, const std::string& preset,
             const std::vector<std::string>& axes) {
  Subject subject(preset);
  subject.settings.axes = axes;
  std::vector<double> ratios;
  subject.backward_seconds();
  for (auto _ : state) {
    const double own = subject.score_seconds();
    state.SetIterationTime(own);
    ratios.push_back(own / subject.backward_seconds());
  }
  state.counters["ratio"] = median(ratios);
}

const std::vector<std::string> kDefaultAxes{"hidden", "qk", "v"};
const std::vector<std::string> kAllAxes{"embedding", "expansion", "head", "hidden", "layer",
                                        "qk",        "squeeze",   "stem", "v"};
BENCHMARK_CAPTURE(scoring, deit_tiny, "deit_tiny", kDefaultAxes)
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime()
    ->Iterations(5);
BENCHMARK_CAPTURE(scoring, deit_tiny_all_axes, "deit_tiny", kAllAxes)
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime()
    ->Iterations(5);
BENCHMARK_CAPTURE(scoring, efficientvit_m0_all_axes, "efficientvit_m0", kAllAxes)
    ->Unit(benchmark::kMillisecond)
    ->UseManualTime()
    ->Iterations(9);

/// Every axis to half of its units: the spec, its graph and its weights. Must stay below 50 ms.
void slicing_deit_tiny(benchmark::State& state) {
  const Subject subject("deit_tiny");
  const graph::Graph& graph = subject.executor.graph();
  sweep::PruneSettings settings;
  settings.axes = {"embedding", "head", "hidden", "qk", "v"};
  const core::IdVector<graph::AxisId, bool> axes = prune::prunable_axes(graph, settings);
  prune::ModelCut cut(graph);
  for (const graph::AxisId a : axes.ids()) {
    if (!axes[a]) continue;
    cut.kept[a].emplace();
    for (graph::Index unit = 0; unit < graph.axes[a].size; unit += 2) cut.kept[a]->push_back(unit);
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(architecture::build_graph(prune::cut_spec(subject.spec, graph, cut)));
    benchmark::DoNotOptimize(prune::cut_weights(graph, subject.weights, cut));
  }
}
BENCHMARK(slicing_deit_tiny)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
