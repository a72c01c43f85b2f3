#include "core/error.h"
#include "engine/device_turn.h"
#include "engine/requests.h"
#include "graph/fold.h"
#include "model/device.h"
#include "predict/op_features.h"
#include "profile/environment.h"
#include "profile/op_samples.h"
#include "sweep/named_config.h"

namespace vitlab::engine {

namespace {

profile::NamedGraph drawn_model(const core::Json& candidate) {
  return profile::untrained_model(
      candidate.at("name").get<std::string>(),
      architecture::spec_from_json_text(core::dump_json(candidate.at("spec")), "request"));
}

std::vector<std::string> signatures_of(const graph::Graph& graph, const sweep::Protocol& protocol) {
  std::vector<std::string> signatures;
  const auto bytes =
      static_cast<graph::Index>(at::elementSize(model::dtype_from_name(protocol.dtype)));
  for (const predict::OpFeatures& row :
       protocol.deploy ? predict::op_features(graph::fold(graph), protocol.batch, bytes)
                       : predict::op_features(graph, protocol.batch, bytes))
    signatures.push_back(row.signature());
  return signatures;
}

}  // namespace

/// {command: sample, protocol, reference: {name, spec}, candidates: [{name, spec, isolated}]}: an
/// event {"event": "sample", "index", …} as soon as a candidate is timed, so that nothing measured
/// is lost when the request is stopped. A candidate that the memory does not hold is passed over.
core::Json run_sample_request(const core::Json& request, Events& events) {
  const sweep::Protocol protocol = sweep::protocol_from_json(request.at("protocol"), "protocol");
  model::keep_freed_memory();
  const profile::ThreadsInUse threads(protocol.threads);
  const store::DeviceLock alone = alone_on(protocol.device, events);
  profile::OpSampler sampler(drawn_model(request.at("reference")), protocol);
  const core::Json& candidates = request.at("candidates");
  std::size_t timed = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto name = candidates[i].at("name").get<std::string>();
    events.progress(static_cast<std::int64_t>(i), static_cast<std::int64_t>(candidates.size()),
                    name);
    const profile::NamedGraph model = drawn_model(candidates[i]);
    std::vector<std::string> signatures;
    const bool isolated = candidates[i].value("isolated", false);
    if (isolated) signatures = signatures_of(model.graph, protocol);
    const auto reason = profile::out_of_memory(protocol.batch, [&] {
      core::Json event{{"event", "sample"}, {"index", i}};
      event.update(profile::sample_json(sampler.sample(model, isolated ? &signatures : nullptr)));
      events.send(event);
      ++timed;
    });
    if (reason) events.send({{"event", "note"}, {"note", name + ": " + *reason}});
  }
  return {{"timed", timed},
          {"environment",
           profile::environment_json(profile::environment(model::open_device(protocol.device)))}};
}

}  // namespace vitlab::engine
