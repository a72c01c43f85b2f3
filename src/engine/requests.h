#pragma once

#include <string>

#include "core/json.h"
#include "engine/events.h"
#include "spec/model_spec.h"

namespace vitlab {

/// One kind of request that vitlab-engine answers: resolved JSON in, a payload out.
struct RequestKind {
  const char* command;
  Json (*run)(const Json& request, Events& events);
};

Json run_forward_request(const Json& request, Events& events);
Json run_train_request(const Json& request, Events& events);
Json run_profile_request(const Json& request, Events& events);
Json run_measure_request(const Json& request, Events& events);
Json run_sample_request(const Json& request, Events& events);
Json run_similarity_request(const Json& request, Events& events);
Json run_prune_request(const Json& request, Events& events);
Json run_export_request(const Json& request, Events& events);
Json run_doctor_request(const Json& request, Events& events);
/// Works off the stages of a plan in a store until nothing is left; its events are described in
/// schedule/worker_pool.h.
Json run_work_request(const Json& request, Events& events);

/// The model of a request: {"model": {"name", "spec"}}.
struct RequestedModel {
  std::string name;
  ModelSpec spec;
};
RequestedModel requested_model(const Json& request);

}  // namespace vitlab
