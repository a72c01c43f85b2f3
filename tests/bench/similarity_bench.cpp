#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "architecture/presets.h"
#include "model/device.h"
#include "similarity/head_similarity.h"
#include "sweep/similarity_metrics.h"

namespace {

using namespace vitlab;

constexpr graph::Index kImages = 32, kBatch = 16;

/// A model and images, on one thread.
struct Subject {
  model::Executor executor;
  model::Weights weights = model::initial_weights(executor.graph(), 0);
  at::Tensor images = at::randn({kImages, 3, 224, 224});

  explicit Subject(const char* model)
      : executor(architecture::build_graph(architecture::resolve_model(model).spec)) {
    model::keep_freed_memory();
    model::set_threads(1);
  }
};

void plain_forward(benchmark::State& state, const char* model) {
  const Subject subject(model);
  const c10::InferenceMode guard;
  for (auto _ : state)
    for (graph::Index i = 0; i < kImages; i += kBatch)
      benchmark::DoNotOptimize(
          subject.executor.run(subject.weights, subject.images.narrow(0, i, kBatch)));
  state.SetItemsProcessed(state.iterations() * kImages);
}

void similarity_of_heads(benchmark::State& state, const char* model, const char* measures) {
  const Subject subject(model);
  const sweep::SimilaritySettings settings{
      .images = kImages, .batch = kBatch, .metrics = sweep::chosen_measures({measures})};
  for (auto _ : state)
    benchmark::DoNotOptimize(
        similarity::head_similarity(subject.executor, subject.weights, subject.images, settings));
  state.SetItemsProcessed(state.iterations() * kImages);
}

// The core measures must stay below 1.5 times the plain forward.
#define VITLAB_COMPARED(model)                                                                   \
  BENCHMARK_CAPTURE(plain_forward, model, #model)->Unit(benchmark::kMillisecond)->UseRealTime(); \
  BENCHMARK_CAPTURE(similarity_of_heads, model##_cosine, #model, "head_cosine")                  \
      ->Unit(benchmark::kMillisecond)                                                            \
      ->UseRealTime();                                                                           \
  BENCHMARK_CAPTURE(similarity_of_heads, model##_core, #model, "core")                           \
      ->Unit(benchmark::kMillisecond)                                                            \
      ->UseRealTime()

VITLAB_COMPARED(efficientvit_m0);
VITLAB_COMPARED(efficientvit_m4);
VITLAB_COMPARED(deit_tiny);

}  // namespace
