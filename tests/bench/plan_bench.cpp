#include <string>

#include <benchmark/benchmark.h>

#include "sweep/plan.h"

namespace vitlab {
namespace {

/// A grid of M0-like models: 100 combinations of few levels times `levels` of ffn_ratio.
sweep::SweepSpec grid_with(std::int64_t levels, const std::string& rest) {
  const std::string last = std::to_string(1 + 0.01 * static_cast<double>(levels - 1));
  return sweep::parse_sweep(
      "bench.yaml",
      "sweep: bench\nbase: {template: efficientvit}\naxes:\n"
      "  - grid:\n"
      "      mixer: [cascaded, grouped]\n"
      "      qk_dim: [8, 16, 24, 32, 40]\n"
      "      ffn_per_side: [1, 2]\n"
      "      heads: [4, 2]\n"
      "      depthwise: [true, false]\n"
      "      activation: [relu, gelu]\n"
      "      kernels: [[5, 5, 5, 5], [7, 5, 3, 3], [3, 3, 3, 3], [7, 7, 5, 5], [3]]\n"
      "      ffn_ratio: {range: [1, " +
          last + "], step: 0.01}\n" + rest);
}

/// A plan of 100,000 points is made while a user waits, so it must take a few seconds.
void plan_a_grid(benchmark::State& state) {
  const sweep::SweepSpec sweep =
      grid_with(state.range(0), "where: ['params < 1e7 and mhsa_share > 0.1']\n");
  std::int64_t points = 0;
  for (auto _ : state) {
    const sweep::Plan plan = sweep::expand(sweep);
    points += plan.points;
    benchmark::DoNotOptimize(plan.models.size());
  }
  state.SetItemsProcessed(points);
}
BENCHMARK(plan_a_grid)->ArgName("levels")->Arg(2)->Arg(125)->Unit(benchmark::kMillisecond);

/// Solving widths tries about a thousand models a point.
void plan_at_equal_macs(benchmark::State& state) {
  const sweep::SweepSpec sweep = sweep::parse_sweep(
      "bench.yaml",
      "sweep: bench\nbase: {template: efficientvit, image_size: 32, stem_stride: 4, window: 8}\n"
      "axes: [grid: {mixer: [cascaded, full], ffn_per_side: [1, 2, 3]}]\n"
      "derive: {widths: {solve: {equals: 5e6, multiple_of: 4}}}\n");
  for (auto _ : state) benchmark::DoNotOptimize(sweep::expand(sweep).models.size());
}
BENCHMARK(plan_at_equal_macs)->Unit(benchmark::kMillisecond);

/// What the store keeps of a plan of 1,600 models.
void plan_to_json_and_back(benchmark::State& state) {
  const sweep::Plan plan = sweep::expand(grid_with(2, ""));
  for (auto _ : state)
    benchmark::DoNotOptimize(sweep::plan_from_json(sweep::plan_json(plan), "bench").points);
}
BENCHMARK(plan_to_json_and_back)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vitlab
