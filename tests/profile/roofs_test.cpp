#include "profile/roofs.h"

#include <algorithm>
#include <functional>

#include <ATen/Parallel.h>

#include "profile/cuda_roofs.h"
#include "profile/roof_kernels.h"
#include "test.hpp"

namespace vitlab::profile {

TEST_CASE("an op is bound by the roof that allows it least") {
  const Roofs roofs{.flops_per_s = 100e9, .bytes_per_s = 10e9, .call_seconds = 1e-6};
  CHECK(bound_of(1e9, 1e6, roofs) == Bound::kCompute);
  CHECK(bound_of(1e6, 1e9, roofs) == Bound::kMemory);
  CHECK(bound_of(1e3, 1e3, roofs) == Bound::kLaunch);
  CHECK(bound_of(0, 0, roofs) == Bound::kLaunch);
  // The ridge is 10 flops a byte.
  CHECK(bound_of(9.9e8, 1e8, roofs) == Bound::kMemory);
  CHECK(bound_of(10.1e8, 1e8, roofs) == Bound::kCompute);
}

namespace {

/// Other work on the machine slows a measurement down; a law that holds does so in one of a few.
bool holds_in_one_of_five(const std::function<bool()>& law) {
  for (int i = 0; i < 5; ++i)
    if (law()) return true;
  return false;
}

bool are_ordered(const std::vector<MemoryLevel>& levels) {
  for (std::size_t i = 0; i + 1 < levels.size(); ++i)
    if (levels[i].read_bytes_per_s < 0.7 * levels[i + 1].read_bytes_per_s ||
        levels[i].copy_bytes_per_s < 0.7 * levels[i + 1].copy_bytes_per_s ||
        levels[i].triad_bytes_per_s < 0.7 * levels[i + 1].triad_bytes_per_s)
      return false;
  return true;
}

}  // namespace

TEST_CASE("nearer levels of memory are no slower, and twice the set inside one changes little") {
  for (const int threads : {1, 2})
    CHECK(holds_in_one_of_five([&] { return are_ordered(measured_levels(threads)); }));
  for (const CacheLevel& cache : cache_levels()) {
    if (cache.level != 2) continue;
    CHECK(holds_in_one_of_five([&] {
      const MemoryLevel quarter = measured_level("", cache.size_bytes / 4, 1);
      const MemoryLevel half = measured_level("", cache.size_bytes / 2, 1);
      return half.read_bytes_per_s > 0.6 * quarter.read_bytes_per_s &&
             half.read_bytes_per_s < 1.6 * quarter.read_bytes_per_s;
    }));
  }
}

TEST_CASE("caches grow with their level") {
  const std::vector<CacheLevel> caches = cache_levels();
  for (std::size_t i = 0; i < caches.size(); ++i) {
    CHECK(caches[i].size_bytes >= 4096);
    CHECK(caches[i].sharers >= 1);
    if (i > 0) CHECK(caches[i].level > caches[i - 1].level);
  }
}

TEST_CASE("the loops of the roofs compute what they claim to move") {
  const RoofKernels& kernels = roof_kernels();
  constexpr std::int64_t kCount = 512;
  alignas(64) float a[kCount], b[kCount], c[kCount];
  for (std::int64_t i = 0; i < kCount; ++i) {
    b[i] = static_cast<float>(i);
    c[i] = 2;
  }
  kernels.copy(a, b, kCount, 1);
  CHECK(std::equal(a, a + kCount, b));
  kernels.triad(a, b, c, kCount, 2);
  for (std::int64_t i = 0; i < kCount; ++i) REQUIRE(a[i] == b[i] + 1);
  CHECK(kernels.multiply_add(10) == 2 * kernels.multiply_add(5));
}

TEST_CASE("without CUDA kernels or a GPU the reason is told") {
  const CudaRoofs roofs = measured_cuda_roofs(1000);
  CHECK_FALSE(roofs.missing.empty());
  CHECK(roofs.levels.empty());
}

TEST_CASE("roofs are positive, in order of size, and measured once") {
  at::set_num_threads(1);  // another test may hold the other core
  const Roofs roofs = measured_roofs(at::kCPU, at::kFloat);
  CHECK(roofs.flops_per_s > 1e8);
  CHECK(roofs.bytes_per_s > 1e7);
  CHECK(roofs.call_seconds > 0);
  CHECK(roofs.call_seconds < 1e-3);
  const Roofs again = measured_roofs(at::kCPU, at::kFloat);
  CHECK(again.flops_per_s == roofs.flops_per_s);
  CHECK(again.bytes_per_s == roofs.bytes_per_s);
  CHECK(again.fma_flops_per_s == roofs.fma_flops_per_s);
  CHECK(holds_in_one_of_five(
      [&] { return roofs.flops_per_s <= 1.1 * fma_flops_per_s(at::get_num_threads()); }));
  const core::Json json = core::to_json(roofs_message(roofs));
  CHECK(json.at("fma_gflops_per_s").get<double>() == Approx(roofs.fma_flops_per_s / 1e9));
  CHECK(json.at("levels").size() == roofs.levels.size());
  for (const core::Json& level : json.at("levels"))
    for (const char* key :
         {"level", "size_bytes", "read_gbytes_per_s", "copy_gbytes_per_s", "triad_gbytes_per_s"})
      CHECK(level.contains(key));
}

}  // namespace vitlab::profile
