#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "messages/machine.h"

namespace vitlab::profile {

/// Asks libnvidia-ml.so.1, opened at run time, about the CUDA device of this index; nothing where
/// the library or the device is missing. Call it while this program holds the device.
std::optional<messages::GpuState> gpu_state(int cuda_index);

/// The reasons whose bits are set, the harmless ones (idle, set clocks) too.
std::vector<messages::ThrottleReason> throttle_reasons(std::uint64_t bits);

}  // namespace vitlab::profile
