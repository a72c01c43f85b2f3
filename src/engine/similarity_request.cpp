#include "engine/request_model.h"
#include "engine/requests.h"
#include "model/weight_files.h"
#include "similarity/head_similarity.h"
#include "sweep/named_config.h"

namespace vitlab {

Json run_similarity_request(const Json& request, Events& events) {
  const RequestedModel model = requested_model(request);
  const LoadedModel loaded = load_requested_model(request, model.spec);
  const SimilaritySettings settings =
      similarity_settings_from_json(request.at("settings"), "settings");
  const auto notice = [&](Index done, Index total) { events.progress(done, total, "images"); };
  SimilarityResult result;
  if (request.contains("input")) {
    const auto path = request.at("input").get<std::string>();
    const TensorFile file = read_tensors(path);
    result =
        head_similarity(loaded.executor, loaded.weights, file.at("input", path), settings, notice);
  } else {
    const auto dataset = open_dataset(parse_data_spec(request.at("data").get<std::string>()));
    result = head_similarity(loaded.executor, loaded.weights, *dataset, settings, notice);
  }
  Json payload = Json::object();
  payload["model"] = model.name;
  payload["id"] = model_id(model.spec);
  add_origin(payload, loaded);
  payload.update(similarity_json(result));
  return payload;
}

}  // namespace vitlab
