#include "profile/gpu_state.h"

#include <algorithm>
#include <array>

#include <dlfcn.h>

namespace vitlab::profile {

namespace {

// nvml.h, whose C interface is stable: names, numbers and one struct of it.
constexpr int kClockSm = 1, kClockMemory = 2, kTemperatureGpu = 0;
constexpr std::size_t kTextBytes = 96, kMostProcesses = 256;

struct NvmlProcess {
  unsigned pid;
  unsigned long long used_memory;
  unsigned gpu_instance;
  unsigned compute_instance;
};

/// Functions of a library by name; calls give false where the library lacks the function.
class Library {
 public:
  explicit Library(const char* name) : handle_(dlopen(name, RTLD_NOW)) {}
  ~Library() {
    if (handle_ != nullptr) dlclose(handle_);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  template <typename... Arguments>
  bool call(const char* name, Arguments... arguments) const {
    if (handle_ == nullptr) return false;
    const auto function = reinterpret_cast<int (*)(Arguments...)>(dlsym(handle_, name));
    return function != nullptr && function(arguments...) == 0;
  }

 private:
  void* handle_;
};

/// The address on the bus, which both libraries know: their indices differ where
/// CUDA_VISIBLE_DEVICES hides devices.
std::string bus_address(int cuda_index) {
  const Library driver("libcuda.so.1");
  int device = 0;
  std::array<char, kTextBytes> text{};
  const bool found =
      driver.call("cuInit", 0U) && driver.call("cuDeviceGet", &device, cuda_index) &&
      driver.call("cuDeviceGetPCIBusId", text.data(), static_cast<int>(text.size()), device);
  return found ? text.data() : "";
}

/// NVML between its start and its end.
class Nvml {
 public:
  explicit Nvml(int cuda_index) : library_("libnvidia-ml.so.1") {
    started_ = library_.call("nvmlInit_v2");
    const std::string address = bus_address(cuda_index);
    found_ =
        started_ && library_.call("nvmlDeviceGetHandleByPciBusId_v2", address.c_str(), &device_);
  }
  ~Nvml() {
    if (started_) library_.call("nvmlShutdown");
  }
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  bool found() const { return found_; }

  std::string driver() const {
    std::array<char, kTextBytes> text{};
    library_.call("nvmlSystemGetDriverVersion", text.data(), static_cast<unsigned>(text.size()));
    return text.data();
  }
  std::string name() const {
    std::array<char, kTextBytes> text{};
    library_.call("nvmlDeviceGetName", device_, text.data(), static_cast<unsigned>(text.size()));
    return text.data();
  }
  /// A number behind a device and, for some functions, what kind of it; in its unit times `scale`.
  template <typename... Kind>
  std::optional<double> number(const char* function, double scale, Kind... kind) const {
    unsigned value = 0;
    if (!library_.call(function, device_, kind..., &value)) return std::nullopt;
    return scale * value;
  }
  std::optional<std::vector<messages::ThrottleReason>> throttle_reasons() const {
    unsigned long long bits = 0;
    if (!library_.call("nvmlDeviceGetCurrentClocksThrottleReasons", device_, &bits))
      return std::nullopt;
    return profile::throttle_reasons(bits);
  }
  /// One of them is this program, by whatever number the driver knows it.
  std::optional<std::int64_t> other_processes() const {
    std::array<NvmlProcess, kMostProcesses> processes{};
    unsigned count = processes.size();
    if (!library_.call("nvmlDeviceGetComputeRunningProcesses_v3", device_, &count,
                       processes.data()))
      return std::nullopt;
    return std::max<std::int64_t>(0, static_cast<std::int64_t>(count) - 1);
  }

 private:
  Library library_;
  void* device_ = nullptr;
  bool started_ = false;
  bool found_ = false;
};

}  // namespace

std::optional<messages::GpuState> gpu_state(int cuda_index) {
  const Nvml nvml(cuda_index);
  if (!nvml.found()) return std::nullopt;
  messages::GpuState state;
  state.name = nvml.name();
  state.driver = nvml.driver();
  state.sm_clock_mhz = nvml.number("nvmlDeviceGetClockInfo", 1, kClockSm);
  state.memory_clock_mhz = nvml.number("nvmlDeviceGetClockInfo", 1, kClockMemory);
  state.temperature_c = nvml.number("nvmlDeviceGetTemperature", 1, kTemperatureGpu);
  state.power_w = nvml.number("nvmlDeviceGetPowerUsage", 1e-3);
  state.power_limit_w = nvml.number("nvmlDeviceGetEnforcedPowerLimit", 1e-3);
  state.throttle_reasons = nvml.throttle_reasons();
  state.other_processes = nvml.other_processes();
  return state;
}

std::vector<messages::ThrottleReason> throttle_reasons(std::uint64_t bits) {
  std::vector<messages::ThrottleReason> reasons;
  for (const messages::ThrottleReasonRow& row : messages::kThrottleReasons)
    if ((bits & row.bit) != 0) reasons.push_back(row.value);
  return reasons;
}

}  // namespace vitlab::profile
