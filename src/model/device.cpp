#include "model/device.h"

#include <charconv>
#include <filesystem>

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <malloc.h>
#include <sys/utsname.h>

#include "core/error.h"
#include "core/names.h"
#include "core/processor.h"
#include "core/text.h"

namespace vitlab::model {

namespace {

[[noreturn]] void lacks_cuda(const std::string& reason) {
  throw core::CapabilityError(
      "CUDA cannot be used: " + reason +
      "; run scripts/bootstrap --cuda on a machine with an NVIDIA driver, or use "
      "--device cpu");
}

/// The folder of the LibTorch that this program runs with.
std::filesystem::path torch_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&at::globalContext), &info) == 0) return {};
  return std::filesystem::path(info.dli_fname).parent_path();
}

void load_cuda() {
  if (!at::hasCUDA()) {
    const std::filesystem::path library = torch_folder() / "libtorch_cuda.so";
    if (!std::filesystem::exists(library)) lacks_cuda("this LibTorch is built for the CPU only");
    // Never closed: it registers kernels for the rest of the program.
    if (dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
      const char* cause = dlerror();
      lacks_cuda(core::printable(cause == nullptr ? "unknown cause" : cause));
    }
  }
  if (!at::hasCUDA()) lacks_cuda("LibTorch finds no NVIDIA driver or no GPU");
}

/// Asks the driver, whose C interface is stable, so that no CUDA headers are needed to build.
std::string gpu_name(int index) {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (driver == nullptr) return "CUDA device";
  const auto start = reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit"));
  const auto pick = reinterpret_cast<int (*)(int*, int)>(dlsym(driver, "cuDeviceGet"));
  const auto name = reinterpret_cast<int (*)(char*, int, int)>(dlsym(driver, "cuDeviceGetName"));
  char text[256] = {};
  int device = 0;
  const bool found = start != nullptr && pick != nullptr && name != nullptr && start(0) == 0 &&
                     pick(&device, index) == 0 && name(text, sizeof text, device) == 0;
  return found ? text : "CUDA device";
}

}  // namespace

at::Device open_device(std::string_view name) {
  if (name == "cpu") return at::kCPU;
  int index = 0;
  const bool numbered = name.starts_with("cuda:");
  if (numbered) {
    const auto [end, error] = std::from_chars(name.data() + 5, name.data() + name.size(), index);
    if (error != std::errc{} || end != name.data() + name.size() || index < 0 || index > 127)
      throw core::UserError("device " + core::quoted_clip(name) + " needs a number behind 'cuda:'");
  } else if (name != "cuda") {
    throw core::UserError("device " + core::quoted_clip(name) + " is not known" +
                          core::did_you_mean(name, {"cpu", "cuda"}) +
                          " (cpu, cuda or cuda:<number>)");
  }
  load_cuda();
  const int count = static_cast<int>(at::detail::getCUDAHooks().deviceCount());
  if (index >= count) lacks_cuda("there are " + std::to_string(count) + " GPUs");
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(index));
}

std::string device_class(at::Device device) {
  return device.is_cpu() ? core::processor_name() : gpu_name(device.index());
}

void set_threads(int threads) {
  core::ensure(threads >= 1, "at least one thread computes");
  at::set_num_threads(threads);
}

void keep_freed_memory() {
  // A threshold would not do: glibc takes none above 32 MiB, and feature maps are larger.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
}

}  // namespace vitlab::model
