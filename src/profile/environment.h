#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "core/json.h"
#include "graph/shape.h"
#include "stats/noise.h"

namespace vitlab::profile {

/// The machine that a number was measured on. All but frequency, load and free memory stays the
/// same from run to run.
struct Environment {
  std::string device;  // name of the processor or GPU that computed
  std::string processor;
  graph::Index cores = 0;    // logical ones that this program may use
  graph::Index threads = 0;  // inside one op
  std::string instruction_set;
  std::optional<std::string> governor;
  std::optional<double> frequency_mhz;
  double load_average = 0;  // of the last minute
  graph::Index memory_bytes = 0;
  graph::Index available_memory_bytes = 0;
  std::string torch_version;
  std::string system;
};

/// Reads it as it is now, with the threads now set.
Environment environment(at::Device device);
core::Json environment_json(const Environment& environment);

/// What Linux says can be had without swapping; 0 if it does not say.
graph::Index available_memory_bytes();
/// What this program can still take, given the limit of its control group and what its allocator
/// keeps for it; 0 if nothing is known.
graph::Index usable_memory_bytes();

/// Noise and drift of timings in words; empty if they are steady.
std::vector<std::string> noise_warnings(const stats::NoiseVerdict& noise);
/// Whether others kept the machine busy before the measurement, in words; empty if not.
std::vector<std::string> load_warnings(const Environment& machine);
/// What a reader should be told about the quality of timings, in words; empty if nothing.
std::vector<std::string> timing_warnings(const stats::NoiseVerdict& noise,
                                         const Environment& machine);

}  // namespace vitlab::profile
