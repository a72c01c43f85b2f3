#include "core/error.h"
#include "engine/device_turn.h"
#include "engine/requests.h"
#include "graph/fold.h"
#include "model/device.h"
#include "predict/op_features.h"
#include "profile/environment.h"
#include "profile/op_samples.h"
#include "sweep/named_config.h"

namespace vitlab {

namespace {

NamedGraph drawn_model(const Json& candidate) {
  return untrained_model(candidate.at("name").get<std::string>(),
                         spec_from_json_text(dump_json(candidate.at("spec")), "request"));
}

std::vector<std::string> signatures_of(const Graph& graph, const Protocol& protocol) {
  std::vector<std::string> signatures;
  const auto bytes = static_cast<Index>(at::elementSize(dtype_from_name(protocol.dtype)));
  for (const OpFeatures& row : protocol.deploy ? op_features(fold(graph), protocol.batch, bytes)
                                               : op_features(graph, protocol.batch, bytes))
    signatures.push_back(row.signature());
  return signatures;
}

}  // namespace

/// {command: sample, protocol, reference: {name, spec}, candidates: [{name, spec, isolated}]}: an
/// event {"event": "sample", "index", …} as soon as a candidate is timed, so that nothing measured
/// is lost when the request is stopped. A candidate that the memory does not hold is passed over.
Json run_sample_request(const Json& request, Events& events) {
  const Protocol protocol = protocol_from_json(request.at("protocol"), "protocol");
  keep_freed_memory();
  const ThreadsInUse threads(protocol.threads);
  const DeviceLock alone = alone_on(protocol.device, events);
  OpSampler sampler(drawn_model(request.at("reference")), protocol);
  const Json& candidates = request.at("candidates");
  std::size_t timed = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto name = candidates[i].at("name").get<std::string>();
    events.progress(static_cast<std::int64_t>(i), static_cast<std::int64_t>(candidates.size()),
                    name);
    const NamedGraph model = drawn_model(candidates[i]);
    std::vector<std::string> signatures;
    const bool isolated = candidates[i].value("isolated", false);
    if (isolated) signatures = signatures_of(model.graph, protocol);
    const auto reason = out_of_memory(protocol.batch, [&] {
      Json event{{"event", "sample"}, {"index", i}};
      event.update(sample_json(sampler.sample(model, isolated ? &signatures : nullptr)));
      events.send(event);
      ++timed;
    });
    if (reason) events.send({{"event", "note"}, {"note", name + ": " + *reason}});
  }
  return {{"timed", timed},
          {"environment", environment_json(environment(open_device(protocol.device)))}};
}

}  // namespace vitlab
