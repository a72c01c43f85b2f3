#pragma once

#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "messages/machine.h"

namespace vitlab::profile {

/// Seconds of processor time since the machine started, over all its processors.
struct ProcessorTime {
  double total = 0;
  double busy = 0;
  double stolen = 0;  // the hypervisor gave it to another machine
  double own = 0;     // of `busy`: this program and the programs that it started
};

/// What changes on a machine while something is measured.
struct MachineMoment : messages::MachineMoment {
  ProcessorTime time;
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

messages::MachineState message_of(const MachineState& state);

/// In words: others above 5 % of the processors, stolen time above 1 %, clocks that changed by more
/// than 3 %, heat, other programs on the GPU; empty if nothing.
std::vector<std::string> state_warnings(const MachineState& state);

}  // namespace vitlab::profile
