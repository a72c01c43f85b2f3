// What an NVIDIA GPU gives our own kernels: bandwidth of a working set and the peak of float32
// multiply-adds. A library of its own with a C interface, opened at run time where a GPU is
// measured, so that nothing else needs CUDA's tools or its runtime.

#include <algorithm>
#include <cstdio>

#include <cuda_runtime.h>

namespace {

constexpr int kThreads = 256, kBlocksPerProcessor = 8;
constexpr int kRuns = 8;          // the best of them counts, the first is not timed
constexpr int kChains = 8;        // of multiply-adds in a thread: they hide each other's latency
constexpr int kTurns = 4096;      // of the chains
constexpr double kMovedBytes = 2e9;  // by one timed run at least

__global__ void read_kernel(const float4* a, size_t count, int passes, float* sink) {
  float4 sum = {0, 0, 0, 0};
  const size_t step = static_cast<size_t>(gridDim.x) * blockDim.x;
  for (int pass = 0; pass < passes; ++pass) {
    for (size_t i = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count;
         i += step) {
      const float4 v = __ldcg(a + i);
      sum.x += v.x;
      sum.y += v.y;
      sum.z += v.z;
      sum.w += v.w;
    }
  }
  // Never true, which the compiler cannot know.
  if (sum.x + sum.y + sum.z + sum.w == -1.0F) *sink = sum.x;
}

__global__ void copy_kernel(float4* a, const float4* b, size_t count, int passes) {
  const size_t step = static_cast<size_t>(gridDim.x) * blockDim.x;
  for (int pass = 0; pass < passes; ++pass)
    for (size_t i = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count;
         i += step)
      __stcg(a + i, __ldcg(b + i));
}

__global__ void triad_kernel(float4* a, const float4* b, const float4* c, float s, size_t count,
                             int passes) {
  const size_t step = static_cast<size_t>(gridDim.x) * blockDim.x;
  for (int pass = 0; pass < passes; ++pass)
    for (size_t i = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count;
         i += step) {
      const float4 x = __ldcg(b + i), y = __ldcg(c + i);
      __stcg(a + i, make_float4(x.x + s * y.x, x.y + s * y.y, x.z + s * y.z, x.w + s * y.w));
    }
}

__global__ void fma_kernel(float a, float b, float* sink) {
  float sums[kChains];
#pragma unroll
  for (int k = 0; k < kChains; ++k) sums[k] = static_cast<float>(threadIdx.x + k);
  for (int i = 0; i < kTurns; ++i) {
#pragma unroll
    for (int k = 0; k < kChains; ++k) sums[k] = fmaf(sums[k], a, b);
  }
  float sum = 0;
#pragma unroll
  for (int k = 0; k < kChains; ++k) sum += sums[k];
  if (sum == -1.0F) *sink = sum;
}

/// The first error; everything after it does nothing.
struct Status {
  cudaError_t error = cudaSuccess;

  bool operator()(cudaError_t next) {
    if (error == cudaSuccess) error = next;
    return error == cudaSuccess;
  }
};

/// The shortest time of a kernel by the device's own events.
template <typename Launch>
double shortest_seconds(Status& status, Launch launch) {
  cudaEvent_t start = nullptr, end = nullptr;
  status(cudaEventCreate(&start));
  status(cudaEventCreate(&end));
  double best = 1e30;
  for (int run = 0; run <= kRuns && status.error == cudaSuccess; ++run) {
    status(cudaEventRecord(start));
    launch();
    status(cudaGetLastError());
    status(cudaEventRecord(end));
    status(cudaEventSynchronize(end));
    float milliseconds = 0;
    status(cudaEventElapsedTime(&milliseconds, start, end));
    if (run > 0) best = std::min(best, static_cast<double>(milliseconds) / 1e3);
  }
  if (start != nullptr) cudaEventDestroy(start);
  if (end != nullptr) cudaEventDestroy(end);
  return best;
}

int fail(const Status& status, char* message, size_t size) {
  if (status.error == cudaSuccess) return 0;
  std::snprintf(message, size, "%s", cudaGetErrorString(status.error));
  return 1;
}

}  // namespace

extern "C" {

/// Bytes of the level-2 cache. These functions give 0, or 1 and the reason in `message`.
int vitlab_cuda_cache_bytes(int device, long long* bytes, char* message, size_t size) {
  Status status;
  int cache = 0;
  status(cudaDeviceGetAttribute(&cache, cudaDevAttrL2CacheSize, device));
  *bytes = cache;
  return fail(status, message, size);
}

/// Bytes a second of a working set of `bytes`: read, copied, and a = b + s c.
int vitlab_cuda_bandwidth(int device, long long bytes, double* read, double* copy, double* triad,
                          char* message, size_t size) {
  Status status;
  cudaDeviceProp properties{};
  float4* memory = nullptr;
  float* sink = nullptr;
  status(cudaSetDevice(device));
  status(cudaGetDeviceProperties(&properties, device));
  const size_t whole = static_cast<size_t>(bytes) / sizeof(float4), half = whole / 2,
               third = whole / 3;
  status(cudaMalloc(&memory, whole * sizeof(float4)));
  status(cudaMalloc(&sink, sizeof(float)));
  if (status.error == cudaSuccess) {
    status(cudaMemset(memory, 0, whole * sizeof(float4)));
    const int blocks = properties.multiProcessorCount * kBlocksPerProcessor;
    const int passes =
        std::max(1, static_cast<int>(kMovedBytes / static_cast<double>(std::max(bytes, 1LL))));
    const auto rate = [&](size_t count, double seconds) {
      return static_cast<double>(count * sizeof(float4)) * passes / seconds;
    };
    *read = rate(whole, shortest_seconds(status, [&] {
                   read_kernel<<<blocks, kThreads>>>(memory, whole, passes, sink);
                 }));
    *copy = rate(2 * half, shortest_seconds(status, [&] {
                   copy_kernel<<<blocks, kThreads>>>(memory, memory + half, half, passes);
                 }));
    *triad = rate(3 * third, shortest_seconds(status, [&] {
                    triad_kernel<<<blocks, kThreads>>>(memory, memory + third, memory + 2 * third,
                                                       0.5F, third, passes);
                  }));
  }
  cudaFree(memory);
  cudaFree(sink);
  return fail(status, message, size);
}

/// Float32 multiply-adds a second outside the tensor cores, each counted as 2.
int vitlab_cuda_multiply_add(int device, double* flops, char* message, size_t size) {
  Status status;
  cudaDeviceProp properties{};
  float* sink = nullptr;
  status(cudaSetDevice(device));
  status(cudaGetDeviceProperties(&properties, device));
  status(cudaMalloc(&sink, sizeof(float)));
  if (status.error == cudaSuccess) {
    const int blocks = properties.multiProcessorCount * kBlocksPerProcessor * 4;
    const double seconds = shortest_seconds(
        status, [&] { fma_kernel<<<blocks, kThreads>>>(0.9999F, 1e-4F, sink); });
    *flops = 2.0 * kChains * kTurns * blocks * kThreads / seconds;
  }
  cudaFree(sink);
  return fail(status, message, size);
}

}  // extern "C"
