#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/choice.h"
#include "core/json_fields.h"

namespace vitlab::messages {

/// The machine that a number was measured on. All but frequency, load and free memory stays the
/// same from run to run.
struct Environment {
  std::string device;  // name of the processor or GPU that computed
  std::string processor;
  std::int64_t cores = 0;    // logical ones that this program may use
  std::int64_t threads = 0;  // inside one op
  std::string instruction_set;
  std::optional<std::string> governor;
  std::optional<double> frequency_mhz;
  double load_average = 0;  // of the last minute
  std::int64_t memory_bytes = 0;
  std::int64_t available_memory_bytes = 0;
  std::string torch_version;
  std::string system;

  bool operator==(const Environment&) const = default;
  static constexpr auto fields() {
    return std::tuple{
        core::required("device", &Environment::device),
        core::required("processor", &Environment::processor),
        core::required("cores", &Environment::cores),
        core::required("threads", &Environment::threads),
        core::required("instruction_set", &Environment::instruction_set),
        core::optional("governor", &Environment::governor),
        core::optional("frequency_mhz", &Environment::frequency_mhz),
        core::required("load_average", &Environment::load_average),
        core::required("memory_bytes", &Environment::memory_bytes),
        core::required("available_memory_bytes", &Environment::available_memory_bytes),
        core::required("libtorch", &Environment::torch_version),
        core::required("system", &Environment::system)};
  }
};

/// Why a GPU's clocks are lower than they could be.
enum class ThrottleReason : std::uint8_t {
  kIdle,
  kUser,
  kPower,
  kHardware,
  kSynchronised,
  kHeatBySoftware,
  kHeatByHardware,
  kPowerBrake,
  kDisplay
};
struct ThrottleReasonRow {
  ThrottleReason value;
  std::string_view word;
  std::uint64_t bit;  // of NVML's nvmlClocksThrottleReasons
  bool is_thermal;
};
constexpr std::array kThrottleReasons{
    ThrottleReasonRow{ThrottleReason::kIdle, "idle", 0x1, false},
    ThrottleReasonRow{ThrottleReason::kUser, "clocks set by the user", 0x2, false},
    ThrottleReasonRow{ThrottleReason::kPower, "power limit", 0x4, false},
    ThrottleReasonRow{ThrottleReason::kHardware, "hardware slowdown", 0x8, true},
    ThrottleReasonRow{ThrottleReason::kSynchronised, "clocks synchronised with other GPUs", 0x10,
                      false},
    ThrottleReasonRow{ThrottleReason::kHeatBySoftware, "heat (software)", 0x20, true},
    ThrottleReasonRow{ThrottleReason::kHeatByHardware, "heat (hardware)", 0x40, true},
    ThrottleReasonRow{ThrottleReason::kPowerBrake, "power brake", 0x80, false},
    ThrottleReasonRow{ThrottleReason::kDisplay, "display clocks", 0x100, false}};
static_assert(core::is_whole(kThrottleReasons));
constexpr const auto& choice_rows(ThrottleReason) { return kThrottleReasons; }

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
  std::optional<std::vector<ThrottleReason>> throttle_reasons;
  std::optional<std::int64_t> other_processes;  // computing on it beside this program

  bool operator==(const GpuState&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("name", &GpuState::name),
                      core::required("driver", &GpuState::driver),
                      core::optional("sm_clock_mhz", &GpuState::sm_clock_mhz),
                      core::optional("memory_clock_mhz", &GpuState::memory_clock_mhz),
                      core::optional("temperature_c", &GpuState::temperature_c),
                      core::optional("power_w", &GpuState::power_w),
                      core::optional("power_limit_w", &GpuState::power_limit_w),
                      core::optional("throttle_reasons", &GpuState::throttle_reasons),
                      core::optional("other_processes", &GpuState::other_processes)};
  }
};

/// What changes on a machine while something is measured.
struct MachineMoment {
  double load_average = 0;              // of the last minute
  std::optional<double> frequency_mhz;  // mean over the processors that this program may use
  std::optional<GpuState> gpu;

  bool operator==(const MachineMoment&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("load_average", &MachineMoment::load_average),
                      core::optional("frequency_mhz", &MachineMoment::frequency_mhz),
                      core::optional("gpu", &MachineMoment::gpu)};
  }
};

/// A measurement's surroundings, from the end of its warm-up to its end.
struct MachineState {
  double others_share = 0;  // of the machine's processor time
  double stolen_share = 0;
  MachineMoment before;
  MachineMoment after;

  bool operator==(const MachineState&) const = default;
  static constexpr auto fields() {
    return std::tuple{core::required("others_share", &MachineState::others_share),
                      core::required("stolen_share", &MachineState::stolen_share),
                      core::required("before", &MachineState::before),
                      core::required("after", &MachineState::after)};
  }
};

}  // namespace vitlab::messages
