#include "profile/environment.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <utility>

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sched.h>
#include <sys/utsname.h>
#include <torch/headeronly/version.h>

#include "model/device.h"

namespace vitlab::profile {

namespace {

/// The number behind "name:" in a file of lines "name: number unit".
std::optional<double> number_behind(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || !line.starts_with(name)) continue;
    return std::strtod(line.c_str() + colon + 1, nullptr);
  }
  return std::nullopt;
}

graph::Index kibibytes(const std::string& name) {
  return static_cast<graph::Index>(number_behind("/proc/meminfo", name).value_or(0)) * 1024;
}

std::optional<std::string> governor() {
  std::ifstream file("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  std::string word;
  if (!(file >> word)) return std::nullopt;
  return word;
}

graph::Index usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

std::string system_name() {
  utsname name{};
  if (uname(&name) != 0) return "";
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

/// A file that holds one number; nothing for the word "max" or a missing file.
std::optional<graph::Index> number_in(const char* path) {
  std::ifstream file(path);
  graph::Index number = 0;
  if (!(file >> number)) return std::nullopt;
  return number;
}

/// What the control group (version 2, as containers have it) leaves; caches of files can be had.
std::optional<graph::Index> left_in_control_group() {
  const std::optional<graph::Index> limit = number_in("/sys/fs/cgroup/memory.max");
  const std::optional<graph::Index> used = number_in("/sys/fs/cgroup/memory.current");
  if (!limit || !used) return std::nullopt;
  graph::Index caches = 0;
  std::ifstream file("/sys/fs/cgroup/memory.stat");
  std::string key;
  for (graph::Index value = 0; file >> key >> value;)
    if (key == "inactive_file" || key == "active_file") caches += value;
  return std::max<graph::Index>(*limit - *used + caches, 1);
}

}  // namespace

graph::Index available_memory_bytes() { return kibibytes("MemAvailable"); }

graph::Index usable_memory_bytes() {
  graph::Index available = available_memory_bytes();
  if (available == 0) return 0;
  if (const auto left = left_in_control_group()) available = std::min(available, *left);
  return available + static_cast<graph::Index>(mallinfo2().fordblks);
}

messages::Environment environment(at::Device device) {
  messages::Environment machine;
  machine.device = model::device_class(device);
  machine.processor = model::device_class(at::kCPU);
  machine.cores = usable_cores();
  machine.threads = at::get_num_threads();
  machine.instruction_set = at::get_cpu_capability();
  machine.governor = governor();
  machine.frequency_mhz = number_behind("/proc/cpuinfo", "cpu MHz");
  double load = 0;
  if (getloadavg(&load, 1) == 1) machine.load_average = load;
  machine.memory_bytes = kibibytes("MemTotal");
  machine.available_memory_bytes = available_memory_bytes();
  machine.torch_version = TORCH_VERSION;
  machine.system = system_name();
  return machine;
}

std::vector<std::string> noise_warnings(const stats::NoiseVerdict& noise) {
  std::vector<std::string> warnings;
  if (noise.is_noisy)
    warnings.push_back(
        fmt::format("noisy: the middle half of the samples spreads over {:.1f} % of the median",
                    100 * noise.relative_iqr));
  if (noise.is_drifting)
    warnings.push_back(
        fmt::format("drifting: the later half of the samples is {:+.1f} % off the earlier half",
                    100 * noise.half_drift));
  return warnings;
}

std::vector<std::string> load_warnings(const messages::Environment& machine) {
  const double idle = static_cast<double>(machine.cores) - machine.load_average;
  if (idle >= static_cast<double>(machine.threads)) return {};
  return {fmt::format("busy: before the measurement the load average was {:.1f} on {} cores",
                      machine.load_average, machine.cores)};
}

std::vector<std::string> timing_warnings(const stats::NoiseVerdict& noise,
                                         const messages::Environment& machine) {
  std::vector<std::string> warnings = noise_warnings(noise);
  for (std::string& warning : load_warnings(machine)) warnings.push_back(std::move(warning));
  return warnings;
}

}  // namespace vitlab::profile
