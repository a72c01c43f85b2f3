#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"

namespace vitlab::profile {

/// What NVIDIA's management library tells of a GPU at one moment; what it does not tell is left
/// out.
struct GpuState {
  std::string name;
  std::string driver;
  std::optional<double> sm_clock_mhz;
  std::optional<double> memory_clock_mhz;
  std::optional<double> temperature_c;
  std::optional<double> power_w;
  std::optional<double> power_limit_w;
  std::optional<std::uint64_t> throttle_bits;   // nvmlClocksThrottleReasons
  std::optional<std::int64_t> other_processes;  // computing on it beside this program
};

/// Asks libnvidia-ml.so.1, opened at run time, about the CUDA device of this index; nothing where
/// the library or the device is missing. Call it while this program holds the device.
std::optional<GpuState> gpu_state(int cuda_index);

core::Json gpu_state_json(const GpuState& state);
/// The reasons in words, the harmless ones (idle, set clocks) too.
std::vector<std::string> throttle_reasons(std::uint64_t bits);
/// Whether heat is among them.
bool is_thermal(std::uint64_t bits);

}  // namespace vitlab::profile
