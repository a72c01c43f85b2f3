#include "profile/memory_levels.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <memory>
#include <thread>

#include "core/error.h"
#include "core/names.h"
#include "profile/environment.h"
#include "profile/roof_kernels.h"

namespace vitlab::profile {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSecondsOfEach = 0.03;  // of each kind of loop, in runs of a fifth of it
constexpr double kRunSeconds = kSecondsOfEach / 5;
constexpr graph::Index kLeastBeyond = graph::Index{128} << 20;
constexpr graph::Index kBlock =
    256;  // floats: what the loops move in one turn at most, a round number

struct FreeMemory {
  void operator()(float* memory) const { std::free(memory); }
};

/// Floats of one thread, written once so that every page is there.
std::unique_ptr<float, FreeMemory> aligned_floats(graph::Index count) {
  constexpr std::size_t kPage = 4096;
  const auto bytes = static_cast<std::size_t>(count) * sizeof(float);
  std::unique_ptr<float, FreeMemory> memory(
      static_cast<float*>(std::aligned_alloc(kPage, (bytes + kPage - 1) / kPage * kPage)));
  if (memory == nullptr) throw std::bad_alloc();
  std::fill_n(memory.get(), count, 1.0F);
  return memory;
}

double seconds_between(Clock::time_point a, Clock::time_point b) {
  return std::chrono::duration<double>(b - a).count();
}

/// Threads that start together; gives the seconds from the first start to the last end.
double run_together(int threads, const std::function<void(int thread)>& work) {
  std::atomic<int> waiting{threads};
  std::vector<Clock::time_point> starts(static_cast<std::size_t>(threads)), ends(starts.size());
  const auto one = [&](int thread) {
    --waiting;
    while (waiting > 0) std::this_thread::yield();
    starts[static_cast<std::size_t>(thread)] = Clock::now();
    work(thread);
    ends[static_cast<std::size_t>(thread)] = Clock::now();
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; ++thread) others.emplace_back(one, thread);
  one(0);
  for (std::thread& other : others) other.join();
  return seconds_between(*std::min_element(starts.begin(), starts.end()),
                         *std::max_element(ends.begin(), ends.end()));
}

/// The shortest time of one pass: passes are doubled until a run is long enough to be told, then
/// run again and again.
double shortest_pass(int threads,
                     const std::function<void(int thread, graph::Index passes)>& work) {
  graph::Index passes = 1;
  const auto run = [&] { return run_together(threads, [&](int thread) { work(thread, passes); }); };
  double seconds = run();
  while (seconds < kRunSeconds && passes < (graph::Index{1} << 40)) {
    passes *= 2;
    seconds = run();
  }
  double best = seconds;
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < 2 || seconds_between(start, Clock::now()) < kSecondsOfEach; ++i)
    best = std::min(best, run());
  return best / static_cast<double>(passes);
}

graph::Index floats_of_thread(graph::Index bytes, int threads, graph::Index arrays) {
  const graph::Index count = bytes / static_cast<graph::Index>(sizeof(float)) / threads / arrays;
  return std::max(kBlock, count / kBlock * kBlock);
}

std::string text_in(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return text;
}

/// "0-3,8" has five processors.
graph::Index processors_in(const std::string& list) {
  graph::Index count = 0;
  for (const std::string& item : core::split_list(list)) {
    if (item.empty()) continue;
    const std::size_t dash = item.find('-');
    const graph::Index first = std::atoll(item.c_str());
    count += dash == std::string::npos ? 1 : std::atoll(item.c_str() + dash + 1) - first + 1;
  }
  return std::max<graph::Index>(count, 1);
}

}  // namespace

std::vector<CacheLevel> cache_levels() {
  std::vector<CacheLevel> levels;
  for (int index = 0; index < 8; ++index) {
    const std::string folder =
        "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    const std::string type = text_in(folder + "type"), size = text_in(folder + "size");
    if ((type != "Data" && type != "Unified") || size.empty()) continue;
    const graph::Index unit = size.back() == 'M' ? 1 << 20 : size.back() == 'K' ? 1 << 10 : 1;
    levels.push_back({std::atoi(text_in(folder + "level").c_str()), std::atoll(size.c_str()) * unit,
                      processors_in(text_in(folder + "shared_cpu_list"))});
  }
  std::sort(levels.begin(), levels.end(),
            [](const CacheLevel& a, const CacheLevel& b) { return a.level < b.level; });
  return levels;
}

MemoryLevel measured_level(std::string name, graph::Index bytes, int threads) {
  const RoofKernels& kernels = roof_kernels();
  const auto all = static_cast<std::size_t>(threads);
  // One block a thread: its arrays lie side by side, so that one read fills as much as two or
  // three.
  const graph::Index whole = floats_of_thread(bytes, threads, 1);
  const graph::Index half = floats_of_thread(bytes, threads, 2),
                     third = floats_of_thread(bytes, threads, 3);
  std::vector<std::unique_ptr<float, FreeMemory>> blocks(all);
  run_together(threads, [&](int t) {
    blocks[static_cast<std::size_t>(t)] = aligned_floats(std::max({whole, 2 * half, 3 * third}));
  });
  const auto block = [&](int t) { return blocks[static_cast<std::size_t>(t)].get(); };
  const auto rate = [&](graph::Index floats, double seconds) {
    return static_cast<double>(floats * static_cast<graph::Index>(sizeof(float)) * threads) /
           seconds;
  };
  MemoryLevel level{std::move(name), bytes, 0, 0, 0};
  level.read_bytes_per_s = rate(whole, shortest_pass(threads, [&](int t, graph::Index passes) {
                                  kernels.read(block(t), whole, passes);
                                }));
  level.copy_bytes_per_s = rate(2 * half, shortest_pass(threads, [&](int t, graph::Index passes) {
                                  kernels.copy(block(t), block(t) + half, half, passes);
                                }));
  level.triad_bytes_per_s =
      rate(3 * third, shortest_pass(threads, [&](int t, graph::Index passes) {
             kernels.triad(block(t), block(t) + third, block(t) + 2 * third, third, passes);
           }));
  return level;
}

std::vector<MemoryLevel> measured_levels(int threads) {
  std::vector<MemoryLevel> levels;
  const graph::Index room = usable_memory_bytes() / 4;
  graph::Index last_cache = graph::Index{16} << 20;
  for (const CacheLevel& cache : cache_levels()) {
    // Threads on processors that share a cache share its half.
    const graph::Index sharing = std::min<graph::Index>(cache.sharers, threads);
    const graph::Index bytes = cache.size_bytes / 2 * threads / sharing;
    last_cache =
        cache.size_bytes * std::max<graph::Index>(1, threads / std::max<graph::Index>(1, sharing));
    if (bytes > room) continue;
    levels.push_back(measured_level("L" + std::to_string(cache.level), bytes, threads));
    levels.back().size_bytes = cache.size_bytes;
  }
  // Streams through twice a cache leave nothing of it to be found again.
  const graph::Index beyond = std::min(2 * last_cache + kLeastBeyond, room);
  if (beyond > 3 * last_cache / 2) levels.push_back(measured_level("DRAM", beyond, threads));
  return levels;
}

double fma_flops_per_s(int threads) {
  const RoofKernels& kernels = roof_kernels();
  constexpr graph::Index kTurns = 1000;
  std::atomic<double> flops{0};
  const double seconds = shortest_pass(threads, [&](int, graph::Index passes) {
    flops = kernels.multiply_add(kTurns * passes) / static_cast<double>(passes);
  });
  return flops * threads / seconds;
}

}  // namespace vitlab::profile
