#include <optional>

#include "core/files.h"
#include "engine/device_turn.h"
#include "engine/request_model.h"
#include "engine/requests.h"
#include "model/device.h"
#include "model/understand.h"
#include "profile/compare.h"
#include "profile/profile.h"
#include "profile/trace.h"

namespace vitlab::engine {

namespace {

/// A model to profile, with the weights that its request names; tells which tables were resized.
profile::NamedGraph profiled_model(const messages::WeightedModel& request,
                                   std::vector<std::string>& resized) {
  const messages::Model& model = request.model;
  profile::NamedGraph named = profile::untrained_model(model.name, model.spec);
  if (!request.weights.empty()) {
    model::UnderstoodWeights understood = model::understand(
        model::read_tensors(request.weights, request.ema), model.spec, named.graph, request.layout);
    tell_notes(understood.notes);
    named.weights = std::move(understood.weights);
    resized = std::move(understood.resized);
  }
  tell_resized(resized);
  return named;
}

/// Both models in turns for the ratio of their speeds, then the other one's profile.
messages::ProfileComparison compared(const profile::NamedGraph& model,
                                     const profile::ProfileResult& result,
                                     const profile::NamedGraph& other,
                                     const sweep::Protocol& protocol,
                                     const profile::TimingNotice& notice) {
  constexpr std::size_t kReference = 1;
  const profile::Measurement turns =
      profile::measure_interleaved({model, other}, protocol, kReference, notice);
  return profile::comparison(result, profile::profile_model(other, protocol, notice), turns);
}

}  // namespace

messages::ProfileAnswer answer(const messages::ProfileRequest& request, Events& events) {
  const sweep::Protocol& protocol = request.protocol;
  std::vector<std::string> resized, other_resized;
  const profile::NamedGraph model = profiled_model(request, resized);
  std::optional<profile::NamedGraph> other;
  if (request.against) other = profiled_model(*request.against, other_resized);
  const profile::TimingNotice notice = [&](std::int64_t done, std::int64_t total,
                                           const std::string& note) {
    events.progress(done, total, note);
  };
  const store::DeviceLock alone = alone_on(protocol.device, events);
  const profile::ProfileResult result = profile::profile_model(model, protocol, notice);
  messages::ProfileAnswer answer = profile::message_of(result);
  answer.setting.id = architecture::model_id(request.model.spec);
  answer.setting.resized = resized;
  if (!request.trace.empty() && !result.out_of_memory)
    core::write_file_atomically(request.trace, core::dump_json(profile::chrome_trace(result)));
  if (other) answer.against = compared(model, result, *other, protocol, notice);
  return answer;
}

}  // namespace vitlab::engine
