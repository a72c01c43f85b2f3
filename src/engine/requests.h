#pragma once

#include <string>

#include "architecture/model_spec.h"
#include "core/json.h"
#include "engine/events.h"

namespace vitlab::engine {

/// One kind of request that vitlab-engine answers: resolved JSON in, a payload out.
struct RequestKind {
  const char* command;
  core::Json (*run)(const core::Json& request, Events& events);
};

core::Json run_forward_request(const core::Json& request, Events& events);
core::Json run_train_request(const core::Json& request, Events& events);
core::Json run_profile_request(const core::Json& request, Events& events);
core::Json run_measure_request(const core::Json& request, Events& events);
core::Json run_sample_request(const core::Json& request, Events& events);
core::Json run_similarity_request(const core::Json& request, Events& events);
core::Json run_prune_request(const core::Json& request, Events& events);
core::Json run_export_request(const core::Json& request, Events& events);
core::Json run_doctor_request(const core::Json& request, Events& events);
/// Works off the stages of a plan in a store until nothing is left; its events are described in
/// schedule/worker_pool.h.
core::Json run_work_request(const core::Json& request, Events& events);

/// The model of a request: {"model": {"name", "spec"}}.
struct RequestedModel {
  std::string name;
  architecture::ModelSpec spec;
};
RequestedModel requested_model(const core::Json& request);

}  // namespace vitlab::engine
