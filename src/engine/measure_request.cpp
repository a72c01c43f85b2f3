#include "core/error.h"
#include "engine/request_model.h"
#include "engine/requests.h"
#include "model/layouts.h"
#include "profile/measure.h"
#include "sweep/named_config.h"

namespace vitlab {

namespace {

NamedGraph candidate_model(const Json& candidate) {
  const ModelSpec spec = spec_from_json_text(dump_json(candidate.at("spec")), "request");
  NamedGraph model = untrained_model(candidate.at("name").get<std::string>(), spec);
  const auto path = candidate.value("weights", std::string());
  if (path.empty()) return model;
  std::vector<std::string> resized;
  model.weights = read_weights(path, spec, model.graph,
                               layout_from_name(candidate.value("layout", std::string("vitlab"))),
                               at::kFloat, &resized);
  tell_resized(resized);
  return model;
}

}  // namespace

Json run_measure_request(const Json& request, Events& events) {
  std::vector<NamedGraph> models;
  for (const Json& candidate : request.at("candidates"))
    models.push_back(candidate_model(candidate));
  if (models.empty()) throw UserError("a measurement needs a model");
  const Protocol protocol = protocol_from_json(request.at("protocol"), "protocol");
  const Measurement measurement =
      measure_interleaved(models, protocol, request.value("reference", std::size_t{0}),
                          [&](std::int64_t done, std::int64_t total, const std::string& note) {
                            events.progress(done, total, note);
                          });
  Json payload = Json::object();
  payload["protocol"] = protocol_json(protocol, true);
  payload["candidates"] = Json::array();
  for (std::size_t i = 0; i < models.size(); ++i) {
    Json row = measured_json(measurement, i);
    row.erase("environment");
    row["protocol"] = protocol_json(protocol, true);
    payload["candidates"].push_back(std::move(row));
  }
  payload["environment"] = environment_json(measurement.environment);
  return payload;
}

}  // namespace vitlab
