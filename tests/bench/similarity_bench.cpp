#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "model/device.h"
#include "similarity/head_similarity.h"
#include "spec/presets.h"

namespace {

using namespace vitlab;

/// M0 and 64 images, on one thread.
struct Subject {
  Executor executor{build_graph(resolve_model("efficientvit_m0").spec)};
  Weights weights = initial_weights(executor.graph(), 0);
  at::Tensor images = at::randn({64, 3, 224, 224});
  SimilaritySettings settings{.images = 64, .batch = 16};

  Subject() {
    keep_freed_memory();
    set_threads(1);
  }
};

void plain_forward(benchmark::State& state) {
  const Subject subject;
  const c10::InferenceMode guard;
  for (auto _ : state)
    for (std::int64_t i = 0; i < 64; i += 16)
      benchmark::DoNotOptimize(
          subject.executor.run(subject.weights, subject.images.narrow(0, i, 16)));
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(plain_forward)->Unit(benchmark::kMillisecond)->UseRealTime();

/// Must stay below 1.5 times plain_forward.
void similarity_of_heads(benchmark::State& state) {
  const Subject subject;
  for (auto _ : state)
    benchmark::DoNotOptimize(
        head_similarity(subject.executor, subject.weights, subject.images, subject.settings));
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(similarity_of_heads)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
