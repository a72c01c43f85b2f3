#pragma once

#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "graph/shape.h"
#include "messages/machine.h"
#include "stats/noise.h"

namespace vitlab::profile {

/// Reads it as it is now, with the threads now set.
messages::Environment environment(at::Device device);

/// What Linux says can be had without swapping; 0 if it does not say.
graph::Index available_memory_bytes();
/// What this program can still take, given the limit of its control group and what its allocator
/// keeps for it; 0 if nothing is known.
graph::Index usable_memory_bytes();

/// Noise and drift of timings in words; empty if they are steady.
std::vector<std::string> noise_warnings(const stats::NoiseVerdict& noise);
/// Whether others kept the machine busy before the measurement, in words; empty if not.
std::vector<std::string> load_warnings(const messages::Environment& machine);
/// What a reader should be told about the quality of timings, in words; empty if nothing.
std::vector<std::string> timing_warnings(const stats::NoiseVerdict& noise,
                                         const messages::Environment& machine);

}  // namespace vitlab::profile
