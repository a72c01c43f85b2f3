#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "engine/requests.h"
#include "model/device.h"
#include "profile/environment.h"

namespace vitlab {

Json run_doctor_request(const Json& /*request*/, Events& /*events*/) {
  Json payload = Json::object();
  payload["environment"] = environment_json(environment(at::kCPU));
  payload["threads_default"] = at::get_num_threads();
  payload["cuda"] = Json::object();
  try {
    const at::Device device = open_device("cuda");
    payload["cuda"]["available"] = true;
    payload["cuda"]["device"] = device_class(device);
  } catch (const CapabilityError& error) {
    payload["cuda"]["available"] = false;
    payload["cuda"]["reason"] = error.what();
  }
  return payload;
}

}  // namespace vitlab
