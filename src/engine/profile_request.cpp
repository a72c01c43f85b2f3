#include <optional>

#include "core/files.h"
#include "engine/device_turn.h"
#include "engine/request_model.h"
#include "engine/requests.h"
#include "model/device.h"
#include "model/layouts.h"
#include "profile/compare.h"
#include "profile/profile.h"
#include "profile/trace.h"
#include "sweep/named_config.h"

namespace vitlab {

namespace {

/// A model to profile, with the weights that its request names; tells which tables were resized.
NamedGraph profiled_model(const Json& request, std::vector<std::string>& resized) {
  const RequestedModel model = requested_model(request);
  NamedGraph named = untrained_model(model.name, model.spec);
  const auto path = request.value("weights", std::string());
  if (!path.empty())
    named.weights = read_weights(path, model.spec, named.graph,
                                 layout_from_name(request.value("layout", std::string("vitlab"))),
                                 at::kFloat, &resized);
  tell_resized(resized);
  return named;
}

/// Both models in turns for the ratio of their speeds, then the other one's profile.
Json compared(const NamedGraph& model, const ProfileResult& result, const NamedGraph& other,
              const Protocol& protocol, const TimingNotice& notice) {
  constexpr std::size_t kReference = 1;
  const Measurement turns = measure_interleaved({model, other}, protocol, kReference, notice);
  return against_json(result, profile_model(other, protocol, notice), turns);
}

}  // namespace

Json run_profile_request(const Json& request, Events& events) {
  const Protocol protocol = protocol_from_json(request.at("protocol"), "protocol");
  std::vector<std::string> resized, other_resized;
  const NamedGraph model = profiled_model(request, resized);
  std::optional<NamedGraph> other;
  if (request.contains("against")) other = profiled_model(request.at("against"), other_resized);
  const TimingNotice notice = [&](std::int64_t done, std::int64_t total, const std::string& note) {
    events.progress(done, total, note);
  };
  const DeviceLock alone = alone_on(protocol.device, events);
  const ProfileResult result = profile_model(model, protocol, notice);
  Json payload = Json::object();
  payload["model"] = model.name;
  payload["id"] = model_id(requested_model(request).spec);
  if (!resized.empty()) payload["resized"] = resized;
  payload.update(profile_json(result));
  const auto trace = request.value("trace", std::string());
  if (!trace.empty() && !result.out_of_memory)
    write_file_atomically(trace, dump_json(chrome_trace(result)));
  if (other) payload["against"] = compared(model, result, *other, protocol, notice);
  return payload;
}

}  // namespace vitlab
