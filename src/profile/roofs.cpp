#include "profile/roofs.h"

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "profile/cuda_roofs.h"
#include "profile/device_clock.h"
#include "profile/environment.h"
#include "profile/stopwatch.h"

namespace vitlab::profile {

namespace {

constexpr double kSeconds = 0.3;  // of each micro-benchmark

/// The shortest time of `work` in `limit` seconds, three runs at least, the first not counted;
/// `repeats` calls are timed as one.
template <typename Work>
double shortest(at::Device device, int repeats, Work&& work, double limit = kSeconds) {
  DeviceClock clock(device);
  work();
  double best = std::numeric_limits<double>::infinity();
  const Stopwatch watch;
  for (int run = 0; run < 3 || watch.seconds() < limit; ++run) {
    clock.clear();
    const std::size_t before = clock.mark();
    for (int i = 0; i < repeats; ++i) work();
    const std::size_t after = clock.mark();
    clock.settle();
    best = std::min(best, clock.seconds(before, after) / repeats);
  }
  return best;
}

double product_flops(at::Device device, at::ScalarType dtype, std::int64_t n, double limit) {
  const at::TensorOptions options = at::TensorOptions().device(device).dtype(dtype);
  const at::Tensor a = at::ones({n, n}, options), b = at::ones({n, n}, options);
  at::Tensor product = at::empty({n, n}, options);
  const double seconds = shortest(
      device, 1, [&] { at::mm_out(product, a, b); }, limit);
  return 2.0 * static_cast<double>(n * n * n) / seconds;
}

/// Doubles the matrices until one product takes long enough to hide its start.
double peak_flops(at::Device device, at::ScalarType dtype) {
  constexpr double kProbe = 0.02;
  const std::int64_t largest = device.is_cpu() ? 2048 : 8192;
  std::int64_t n = 512;
  double best = product_flops(device, dtype, n, kProbe);
  while (n < largest && 2.0 * static_cast<double>(n * n * n) / best < kProbe) {
    n *= 2;
    best = std::max(best, product_flops(device, dtype, n, kProbe));
  }
  return std::max(best, product_flops(device, dtype, n, kSeconds));
}

/// Three buffers that together hold twice the caches, but no more than a quarter of free memory.
std::int64_t buffer_bytes(at::Device device) {
  constexpr std::int64_t kLeast = std::int64_t{64} << 20, kMost = std::int64_t{512} << 20;
  if (!device.is_cpu()) return kMost;
  const std::vector<CacheLevel> caches = cache_levels();
  const std::int64_t cache = caches.empty() ? 0 : caches.back().size_bytes;
  const std::int64_t wanted = std::clamp(2 * cache / 3, kLeast, kMost);
  const std::int64_t available = available_memory_bytes();
  return available > 0 ? std::min(wanted, std::max(available / 12, std::int64_t{1} << 20)) : wanted;
}

double peak_bytes(at::Device device) {
  const std::int64_t elements = buffer_bytes(device) / 4;
  const at::TensorOptions options = at::TensorOptions().device(device).dtype(at::kFloat);
  const at::Tensor a = at::ones({elements}, options), b = at::ones({elements}, options);
  at::Tensor out = at::ones({elements}, options);
  const double bytes = 4.0 * static_cast<double>(elements);
  const double triad = shortest(device, 1, [&] { at::add_out(out, a, b, 3); });
  const double copy = shortest(device, 1, [&] { out.copy_(a); });
  return std::max(3 * bytes / triad, 2 * bytes / copy);
}

double call_cost(at::Device device) {
  const at::Tensor one = at::ones({1}, at::TensorOptions().device(device).dtype(at::kFloat));
  return shortest(device, 100, [&] { at::relu(one); });
}

/// What does not depend on the dtype: measured once for a device and a number of threads.
void add_own_kernels(at::Device device, Roofs& roofs) {
  static std::map<std::pair<std::string, int>, std::pair<double, std::vector<MemoryLevel>>> known;
  const int threads = at::get_num_threads();
  const auto [at, is_new] = known.try_emplace({device.str(), threads});
  auto& [fma, levels] = at->second;
  if (is_new && device.is_cpu()) {
    fma = fma_flops_per_s(threads);
    levels = measured_levels(threads);
  } else if (is_new) {
    CudaRoofs own = measured_cuda_roofs(device.index());
    fma = own.fma_flops_per_s;
    levels = std::move(own.levels);
  }
  roofs.fma_flops_per_s = fma;
  roofs.levels = levels;
}

}  // namespace

Roofs measured_roofs(at::Device device, at::ScalarType dtype) {
  static std::mutex mutex;
  static std::map<std::tuple<std::string, at::ScalarType, int>, Roofs> known;
  const std::scoped_lock lock(mutex);
  const std::tuple key(device.str(), dtype, at::get_num_threads());
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  const c10::InferenceMode guard;
  Roofs roofs{peak_flops(device, dtype), peak_bytes(device), call_cost(device), 0, {}};
  add_own_kernels(device, roofs);
  known.emplace(key, roofs);
  return roofs;
}

messages::Roofs roofs_message(const Roofs& roofs) {
  constexpr double kGiga = 1e9;
  messages::Roofs message{roofs.flops_per_s / kGiga,
                          roofs.bytes_per_s / kGiga,
                          roofs.call_seconds * 1e6,
                          roofs.fma_flops_per_s / kGiga,
                          {}};
  for (const MemoryLevel& level : roofs.levels)
    message.levels.push_back({level.name, level.size_bytes, level.read_bytes_per_s / kGiga,
                              level.copy_bytes_per_s / kGiga, level.triad_bytes_per_s / kGiga});
  return message;
}

Bound bound_of(double flops, double bytes, const Roofs& roofs) {
  const double compute = flops / roofs.flops_per_s, memory = bytes / roofs.bytes_per_s;
  if (roofs.call_seconds >= std::max(compute, memory)) return Bound::kLaunch;
  return memory >= compute ? Bound::kMemory : Bound::kCompute;
}

}  // namespace vitlab::profile
