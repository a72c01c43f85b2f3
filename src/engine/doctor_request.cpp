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
               core::Json& rows) {
  constexpr std::array kTypes{at::kFloat, at::kBFloat16};
  std::int64_t done = 0;
  const auto total = static_cast<std::int64_t>(thread_counts.size() * kTypes.size());
  const store::DeviceLock alone = alone_on(device.str(), events);
  for (const graph::Index count : thread_counts) {
    const profile::ThreadsInUse threads(count);
    for (const at::ScalarType dtype : kTypes) {
      events.progress(done++, total, device.str() + ", " + std::to_string(count) + " threads");
      core::check_interrupt();
      core::Json row{
          {"device", device.str()}, {"threads", count}, {"dtype", model::dtype_name(dtype)}};
      row.update(profile::roofs_json(profile::measured_roofs(device, dtype)));
      rows.push_back(std::move(row));
    }
  }
  events.progress(total, total, device.str());
}

}  // namespace

core::Json run_doctor_request(const core::Json& request, Events& events) {
  core::Json payload = core::Json::object();
  payload["environment"] = profile::environment_json(profile::environment(at::kCPU));
  payload["threads_default"] = at::get_num_threads();
  payload["cuda"] = core::Json::object();
  try {
    const at::Device device = model::open_device("cuda");
    payload["cuda"]["available"] = true;
    payload["cuda"]["device"] = model::device_class(device);
  } catch (const core::CapabilityError& error) {
    payload["cuda"]["available"] = false;
    payload["cuda"]["reason"] = error.what();
  }
  if (!request.value("roofs", false)) return payload;
  payload["roofs"] = core::Json::array();
  add_roofs(at::kCPU, thread_counts(profile::environment(at::kCPU).cores), events,
            payload["roofs"]);
  if (payload["cuda"]["available"].get<bool>()) {
    const at::Device device = model::open_device("cuda");
    add_roofs(device, {1}, events, payload["roofs"]);
    const std::string missing = profile::measured_cuda_roofs(device.index()).missing;
    if (!missing.empty()) payload["cuda"]["own_kernels"] = missing;
  }
  return payload;
}

}  // namespace vitlab::engine
