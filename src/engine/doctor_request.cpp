#include <array>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "core/interrupt.h"
#include "engine/device_turn.h"
#include "engine/requests.h"
#include "model/device.h"
#include "model/weights.h"
#include "profile/cuda_roofs.h"
#include "profile/environment.h"
#include "profile/roofs.h"
#include "profile/timed_model.h"

namespace vitlab::engine {

namespace {

/// 1, 2, 4 … and all processors that this program may use.
std::vector<graph::Index> thread_counts(graph::Index cores) {
  std::vector<graph::Index> counts;
  for (graph::Index threads = 1; threads < cores; threads *= 2) counts.push_back(threads);
  counts.push_back(cores);
  return counts;
}

void add_roofs(at::Device device, const std::vector<graph::Index>& thread_counts, Events& events,
               std::vector<messages::RoofRow>& rows) {
  constexpr std::array kTypes{at::kFloat, at::kBFloat16};
  std::int64_t done = 0;
  const auto total = static_cast<std::int64_t>(thread_counts.size() * kTypes.size());
  const store::DeviceLock alone = alone_on(device.str(), events);
  for (const graph::Index count : thread_counts) {
    const profile::ThreadsInUse threads(count);
    for (const at::ScalarType dtype : kTypes) {
      events.progress(done++, total, device.str() + ", " + std::to_string(count) + " threads");
      core::check_interrupt();
      rows.push_back({profile::roofs_message(profile::measured_roofs(device, dtype)), device.str(),
                      count, model::dtype_of(dtype)});
    }
  }
  events.progress(total, total, device.str());
}

}  // namespace

messages::DoctorAnswer answer(const messages::DoctorRequest& request, Events& events) {
  messages::DoctorAnswer answer;
  answer.environment = profile::environment(at::kCPU);
  answer.threads_default = at::get_num_threads();
  try {
    answer.cuda.device = model::device_class(model::open_device("cuda"));
    answer.cuda.available = true;
  } catch (const core::CapabilityError& error) {
    answer.cuda.reason = error.what();
  }
  if (!request.roofs) return answer;
  add_roofs(at::kCPU, thread_counts(profile::environment(at::kCPU).cores), events, answer.roofs);
  if (answer.cuda.available) {
    const at::Device device = model::open_device("cuda");
    add_roofs(device, {1}, events, answer.roofs);
    const std::string missing = profile::measured_cuda_roofs(device.index()).missing;
    if (!missing.empty()) answer.cuda.own_kernels = missing;
  }
  return answer;
}

}  // namespace vitlab::engine
