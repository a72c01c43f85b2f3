#include "profile/cuda_roofs.h"

#include <algorithm>
#include <array>

#include <dlfcn.h>

#include "core/files.h"
#include "core/text.h"

namespace vitlab::profile {

namespace {

// The interface of cuda/roofs.cu.
using CacheBytes = int (*)(int, long long*, char*, std::size_t);
using Bandwidth = int (*)(int, long long, double*, double*, double*, char*, std::size_t);
using MultiplyAdd = int (*)(int, double*, char*, std::size_t);

constexpr long long kBeyondCache = 1LL << 30;

/// Beside the program, or beside its folder, where programs that test lie.
std::filesystem::path kernel_library() {
  const std::filesystem::path folder = core::program_folder(), name = "libvitlab_cuda_roofs.so";
  std::error_code ignored;
  const bool is_above = !std::filesystem::exists(folder / name, ignored) &&
                        std::filesystem::exists(folder.parent_path() / name, ignored);
  return (is_above ? folder.parent_path() : folder) / name;
}

std::string last_dl_error() {
  const char* cause = dlerror();
  return core::printable(cause == nullptr ? "unknown cause" : cause);
}

struct CudaKernels {
  CacheBytes cache_bytes = nullptr;
  Bandwidth bandwidth = nullptr;
  MultiplyAdd multiply_add = nullptr;
  std::string missing;

  CudaKernels() {
    const std::string path = kernel_library().string();
    // Never closed: it holds a context of the device.
    void* library = dlopen(path.c_str(), RTLD_NOW);
    if (library == nullptr) {
      missing =
          "our own CUDA kernels are not built (nvcc and -DVITLAB_CUDA=ON): " + last_dl_error();
      return;
    }
    cache_bytes = reinterpret_cast<CacheBytes>(dlsym(library, "vitlab_cuda_cache_bytes"));
    bandwidth = reinterpret_cast<Bandwidth>(dlsym(library, "vitlab_cuda_bandwidth"));
    multiply_add = reinterpret_cast<MultiplyAdd>(dlsym(library, "vitlab_cuda_multiply_add"));
    if (cache_bytes == nullptr || bandwidth == nullptr || multiply_add == nullptr)
      missing = path + " is of another version: " + last_dl_error();
  }
};

}  // namespace

CudaRoofs measured_cuda_roofs(int device) {
  static const CudaKernels kKernels;
  CudaRoofs roofs;
  roofs.missing = kKernels.missing;
  if (!roofs.missing.empty()) return roofs;
  std::array<char, 256> message{};
  long long cache = 0;
  const auto add_level = [&](const char* name, long long size, long long bytes) {
    MemoryLevel level{name, size, 0, 0, 0};
    if (kKernels.bandwidth(device, bytes, &level.read_bytes_per_s, &level.copy_bytes_per_s,
                           &level.triad_bytes_per_s, message.data(), message.size()) != 0)
      return false;
    roofs.levels.push_back(std::move(level));
    return true;
  };
  const bool measured =
      kKernels.cache_bytes(device, &cache, message.data(), message.size()) == 0 &&
      kKernels.multiply_add(device, &roofs.fma_flops_per_s, message.data(), message.size()) == 0 &&
      (cache == 0 || add_level("L2", cache, cache / 2)) &&
      add_level("HBM", kBeyondCache, std::max(kBeyondCache, 8 * cache));
  if (!measured) return {0, {}, message.data()};
  return roofs;
}

}  // namespace vitlab::profile
