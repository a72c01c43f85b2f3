#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "core/json.h"
#include "profile/gpu_state.h"

namespace vitlab::profile {

/// Seconds of processor time since the machine started, over all its processors.
struct ProcessorTime {
  double total = 0;
  double busy = 0;
  double stolen = 0;  // the hypervisor gave it to another machine
  double own = 0;     // of `busy`: this program and the programs that it started
};

/// What changes on a machine while something is measured.
struct MachineMoment {
  ProcessorTime time;
  std::optional<double> frequency_mhz;  // mean over the processors that this program may use
  double load_average = 0;              // of the last minute
  std::optional<GpuState> gpu;
};

/// Reads it as it is now. The processor is kept busy for some milliseconds first, since the clock
/// of an idle one says nothing of the clock at work.
MachineMoment machine_moment(at::Device device);

/// A measurement's surroundings, from the end of its warm-up to its end.
struct MachineState {
  MachineMoment before;
  MachineMoment after;

  /// Shares of the machine's processor time; 0 where no time has passed.
  double others_share() const;
  double stolen_share() const;
};

/// {"others_share", "stolen_share", "before": {…}, "after": {…}}.
core::Json machine_state_json(const MachineState& state);

/// In words: others above 5 % of the processors, stolen time above 1 %, clocks that changed by more
/// than 3 %, heat, other programs on the GPU; empty if nothing.
std::vector<std::string> state_warnings(const MachineState& state);

}  // namespace vitlab::profile
