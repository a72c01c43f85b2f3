#include "engine/device_turn.h"
#include "engine/requests.h"
#include "graph/fold.h"
#include "model/device.h"
#include "predict/op_features.h"
#include "profile/environment.h"
#include "profile/op_samples.h"

namespace vitlab::engine {

namespace {

std::vector<std::string> signatures_of(const graph::Graph& graph, const sweep::Protocol& protocol) {
  std::vector<std::string> signatures;
  const auto bytes = static_cast<graph::Index>(at::elementSize(model::scalar_type(protocol.dtype)));
  for (const predict::OpFeatures& row :
       protocol.deploy ? predict::op_features(graph::fold(graph), protocol.batch, bytes)
                       : predict::op_features(graph, protocol.batch, bytes))
    signatures.push_back(row.signature());
  return signatures;
}

}  // namespace

/// Samples are sent as soon as they are timed, so that nothing measured is lost when the request is
/// stopped. A candidate that the memory does not hold is passed over.
messages::SampleAnswer answer(const messages::SampleRequest& request, Events& events) {
  const sweep::Protocol& protocol = request.protocol;
  model::keep_freed_memory();
  const profile::ThreadsInUse threads(protocol.threads);
  const store::DeviceLock alone = alone_on(protocol.device, events);
  const messages::Model& reference = request.reference;
  profile::OpSampler sampler(profile::untrained_model(reference.name, reference.spec), protocol);
  messages::SampleAnswer answer;
  for (std::size_t i = 0; i < request.candidates.size(); ++i) {
    const messages::SampleCandidate& candidate = request.candidates[i];
    events.progress(static_cast<std::int64_t>(i),
                    static_cast<std::int64_t>(request.candidates.size()), candidate.name);
    const profile::NamedGraph model = profile::untrained_model(candidate.name, candidate.spec);
    std::vector<std::string> signatures;
    if (candidate.isolated) signatures = signatures_of(model.graph, protocol);
    const auto reason = profile::out_of_memory(protocol.batch, [&] {
      messages::Sample sample = profile::sample_message(
          sampler.sample(model, candidate.isolated ? &signatures : nullptr));
      sample.index = i;
      events.send(sample);
      ++answer.timed;
    });
    if (reason) events.send(messages::Note{candidate.name + ": " + *reason});
  }
  answer.environment = profile::environment(model::open_device(protocol.device));
  return answer;
}

}  // namespace vitlab::engine
