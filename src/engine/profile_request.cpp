#include "engine/request_model.h"
#include "engine/requests.h"
#include "model/device.h"
#include "model/layouts.h"
#include "profile/profile.h"
#include "sweep/named_config.h"

namespace vitlab {

Json run_profile_request(const Json& request, Events& events) {
  const RequestedModel model = requested_model(request);
  const Protocol protocol = protocol_from_json(request.at("protocol"), "protocol");
  NamedGraph named = untrained_model(model.name, model.spec);
  const auto path = request.value("weights", std::string());
  std::vector<std::string> resized;
  if (!path.empty())
    named.weights = read_weights(path, model.spec, named.graph,
                                 layout_from_name(request.value("layout", std::string("vitlab"))),
                                 at::kFloat, &resized);
  tell_resized(resized);
  const ProfileResult result = profile_model(
      named, protocol, [&](std::int64_t done, std::int64_t total, const std::string& note) {
        events.progress(done, total, note);
      });
  Json payload = Json::object();
  payload["model"] = model.name;
  payload["id"] = model_id(model.spec);
  if (!resized.empty()) payload["resized"] = resized;
  payload.update(profile_json(result));
  return payload;
}

}  // namespace vitlab
