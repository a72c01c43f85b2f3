#include "profile/machine_state.h"

#include <chrono>

#include <sys/wait.h>
#include <unistd.h>

#include "profile/gpu_state.h"
#include "test.hpp"

namespace vitlab::profile {

namespace {

MachineMoment moment(double total, double busy, double stolen, double own) {
  MachineMoment moment;
  moment.time = {total, busy, stolen, own};
  moment.frequency_mhz = 3000;
  return moment;
}

void compute_for(double seconds) {
  const auto start = std::chrono::steady_clock::now();
  const std::chrono::duration<double> wanted(seconds);
  while (std::chrono::steady_clock::now() - start < wanted) {
  }
}

}  // namespace

TEST_CASE("shares are of the machine's time between two moments, without our own") {
  const MachineState state{moment(100, 40, 1, 20), moment(120, 52, 1.5, 30)};
  CHECK(state.others_share() == Approx(0.1));
  CHECK(state.stolen_share() == Approx(0.025));
  CHECK(MachineState{moment(100, 40, 1, 20), moment(110, 45, 1, 26)}.others_share() == 0);
  CHECK(MachineState{}.others_share() == 0);
  const messages::MachineState told = message_of(state);
  CHECK(told.others_share == state.others_share());
  CHECK(told.stolen_share == state.stolen_share());
  CHECK(told.before.frequency_mhz == 3000);
  CHECK_FALSE(told.before.gpu);
}

TEST_CASE("our own work counts as ours, that of our children too") {
  const MachineMoment before = machine_moment(at::kCPU);
  compute_for(0.2);
  const MachineMoment between = machine_moment(at::kCPU);
  // A thread that never got the processor would give less; others cannot give us more than there
  // is.
  CHECK(between.time.own > before.time.own);
  CHECK(between.time.own - before.time.own <= between.time.total - before.time.total + 0.05);
  CHECK(between.time.busy >= before.time.busy);
  const pid_t child = fork();
  if (child == 0) {
    compute_for(0.3);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const MachineMoment after = machine_moment(at::kCPU);
  CHECK(after.time.own > between.time.own + 0.02);
  CHECK_FALSE(after.gpu);
}

TEST_CASE("what disturbs a measurement is said in words") {
  CHECK(state_warnings({moment(100, 40, 1, 20), moment(120, 50.5, 1.1, 30)}).empty());
  MachineState state{moment(100, 40, 1, 20), moment(120, 55, 2, 30)};
  state.after.frequency_mhz = 2700;
  const std::vector<std::string> warnings = state_warnings(state);
  REQUIRE(warnings.size() == 3);
  CHECK_THAT(warnings[0], Catch::StartsWith("busy: other programs used 25.0 %"));
  CHECK_THAT(warnings[1], Catch::StartsWith("stolen: ") && Catch::Contains("5.0 %"));
  CHECK_THAT(warnings[2],
             Catch::StartsWith("clock: ") && Catch::Contains("-10.0 %, from 3000 to 2700 MHz"));
}

TEST_CASE("a GPU's clocks, heat and company are said in words") {
  MachineState state{moment(0, 0, 0, 0), moment(0, 0, 0, 0)};
  messages::GpuState gpu;
  gpu.sm_clock_mhz = 1980;
  gpu.throttle_reasons = throttle_reasons(0x1 | 0x4);
  gpu.other_processes = 0;
  state.before.gpu = state.after.gpu = gpu;
  CHECK(state_warnings(state).empty());
  state.after.gpu->sm_clock_mhz = 1485;
  state.after.gpu->throttle_reasons = throttle_reasons(0x20);
  state.after.gpu->other_processes = 2;
  const std::vector<std::string> warnings = state_warnings(state);
  REQUIRE(warnings.size() == 3);
  CHECK_THAT(warnings[0], Catch::Contains("GPU's clock changed by -25.0 %"));
  CHECK_THAT(warnings[1], Catch::Contains("heat") && Catch::Contains("heat (software)"));
  CHECK_THAT(warnings[2], Catch::Contains("2 other program(s)"));
  using enum messages::ThrottleReason;
  CHECK((throttle_reasons(0x41) == std::vector{kIdle, kHeatByHardware}));
}

TEST_CASE("without NVIDIA's library there is no state of a GPU, and no error") {
  const std::optional<messages::GpuState> state = gpu_state(0);
  if (state) CHECK_FALSE(state->driver.empty());
  CHECK_FALSE(gpu_state(1000));
}

}  // namespace vitlab::profile
