#include "profile/machine_state.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include "profile/gpu_state.h"
#include "profile/stopwatch.h"

namespace vitlab::profile {

namespace {

constexpr double kOthers = 0.05, kStolen = 0.01, kClock = 0.03;

double seconds_of(double ticks) {
  static const auto kTicks = static_cast<double>(sysconf(_SC_CLK_TCK));
  return ticks / kTicks;
}

/// The first line of /proc/stat: user nice system idle iowait irq softirq steal, in ticks.
void read_machine_time(ProcessorTime& time) {
  std::ifstream file("/proc/stat");
  std::string word;
  double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, softirq = 0, stolen = 0;
  if (!(file >> word >> user >> nice >> system >> idle >> waiting >> irq >> softirq >> stolen))
    return;
  time.busy = seconds_of(user + nice + system + irq + softirq);
  time.stolen = seconds_of(stolen);
  time.total = time.busy + time.stolen + seconds_of(idle + waiting);
}

/// Of /proc/PID/stat, the fields behind the name in brackets, which may hold anything.
std::vector<double> stat_fields(const std::filesystem::path& path) {
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  const std::size_t bracket = text.rfind(')');
  std::vector<double> fields;
  if (bracket == std::string::npos || bracket + 4 > text.size()) return fields;
  std::istringstream rest(text.substr(bracket + 4));  // past ") S", the state
  for (double field = 0; rest >> field;) fields.push_back(field);
  return fields;
}

/// This program with the children that have ended, and the children that run.
double own_seconds() {
  // Numbers behind the state: 0 the parent, 10 and 11 own ticks, 12 and 13 those of ended children.
  constexpr std::size_t kParent = 0, kUser = 10, kSystem = 11, kEndedUser = 12, kEndedSystem = 13;
  const std::vector<double> own = stat_fields("/proc/self/stat");
  if (own.size() <= kEndedSystem) return 0;
  double ticks = own[kUser] + own[kSystem] + own[kEndedUser] + own[kEndedSystem];
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename().string();
    if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; }))
      continue;
    const std::vector<double> fields = stat_fields(entry.path() / "stat");
    if (fields.size() > kEndedSystem && fields[kParent] == static_cast<double>(getpid()))
      ticks += fields[kUser] + fields[kSystem];
  }
  return seconds_of(ticks);
}

std::optional<double> frequency_now() {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  if (sched_getaffinity(0, sizeof usable, &usable) != 0) return std::nullopt;
  std::ifstream file("/proc/cpuinfo");
  double sum = 0;
  int count = 0, processor = 0;
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const double value = std::strtod(line.c_str() + colon + 1, nullptr);
    if (line.starts_with("processor")) processor = static_cast<int>(value);
    if (!line.starts_with("cpu MHz") || processor >= CPU_SETSIZE || !CPU_ISSET(processor, &usable))
      continue;
    sum += value;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / count;
}

void keep_busy() {
  constexpr double kAwake = 0.020;  // s
  const Stopwatch watch;
  while (watch.seconds() < kAwake) {
  }
}

double share_of(double part, double whole) { return whole > 0 ? std::max(0.0, part / whole) : 0; }

void add_clock_warning(std::vector<std::string>& warnings, const char* what,
                       const std::optional<double>& before, const std::optional<double>& after) {
  if (!before || !after || *before <= 0) return;
  const double change = *after / *before - 1;
  if (std::abs(change) <= kClock) return;
  warnings.push_back(fmt::format("clock: the {} changed by {:+.1f} %, from {:.0f} to {:.0f} MHz",
                                 what, 100 * change, *before, *after));
}

/// What slowed a GPU down before or after, in words, if heat is among it; else nothing.
std::vector<std::string_view> heated(const messages::GpuState& before,
                                     const messages::GpuState& after) {
  std::vector<std::string_view> words;
  bool is_thermal = false;
  for (const messages::ThrottleReasonRow& row : messages::kThrottleReasons)
    for (const messages::GpuState* state : {&before, &after}) {
      if (!state->throttle_reasons ||
          std::ranges::find(*state->throttle_reasons, row.value) == state->throttle_reasons->end())
        continue;
      words.push_back(row.word);
      is_thermal |= row.is_thermal;
      break;
    }
  if (!is_thermal) words.clear();
  return words;
}

void add_gpu_warnings(std::vector<std::string>& warnings, const messages::GpuState& before,
                      const messages::GpuState& after) {
  add_clock_warning(warnings, "GPU's clock", before.sm_clock_mhz, after.sm_clock_mhz);
  add_clock_warning(warnings, "clock of the GPU's memory", before.memory_clock_mhz,
                    after.memory_clock_mhz);
  if (const std::vector<std::string_view> reasons = heated(before, after); !reasons.empty())
    warnings.push_back(
        fmt::format("heat: the GPU slowed itself down ({})", fmt::join(reasons, ", ")));
  const std::int64_t others =
      std::max(before.other_processes.value_or(0), after.other_processes.value_or(0));
  if (others > 0)
    warnings.push_back(fmt::format("shared: {} other program(s) computed on the GPU", others));
}

}  // namespace

MachineMoment machine_moment(at::Device device) {
  MachineMoment moment;
  if (!device.is_cpu()) moment.gpu = gpu_state(device.index());
  keep_busy();
  moment.frequency_mhz = frequency_now();
  double load = 0;
  if (getloadavg(&load, 1) == 1) moment.load_average = load;
  read_machine_time(moment.time);
  moment.time.own = own_seconds();
  return moment;
}

double MachineState::others_share() const {
  const ProcessorTime &a = before.time, &b = after.time;
  return share_of((b.busy - a.busy) - (b.own - a.own), b.total - a.total);
}

double MachineState::stolen_share() const {
  return share_of(after.time.stolen - before.time.stolen, after.time.total - before.time.total);
}

messages::MachineState message_of(const MachineState& state) {
  return {state.others_share(), state.stolen_share(), state.before, state.after};
}

std::vector<std::string> state_warnings(const MachineState& state) {
  std::vector<std::string> warnings;
  if (state.others_share() > kOthers)
    warnings.push_back(fmt::format(
        "busy: other programs used {:.1f} % of the machine's processor time during the measurement",
        100 * state.others_share()));
  if (state.stolen_share() > kStolen)
    warnings.push_back(
        fmt::format("stolen: the hypervisor took {:.1f} % of the processor time during the "
                    "measurement",
                    100 * state.stolen_share()));
  add_clock_warning(warnings, "processor's clock", state.before.frequency_mhz,
                    state.after.frequency_mhz);
  if (state.before.gpu && state.after.gpu)
    add_gpu_warnings(warnings, *state.before.gpu, *state.after.gpu);
  return warnings;
}

}  // namespace vitlab::profile
