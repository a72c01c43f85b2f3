#include <functional>
#include <memory>

#include "core/error.h"
#include "engine/request_model.h"
#include "engine/requests.h"
#include "model/weight_files.h"
#include "similarity/head_ablation.h"
#include "similarity/head_similarity.h"
#include "sweep/named_config.h"

namespace vitlab {

namespace {

/// What is looked at: a tensor of images, or a data set.
struct Images {
  at::Tensor tensor;
  std::unique_ptr<Dataset> dataset;
};

Images requested_images(const Json& request) {
  Images images;
  if (request.contains("input")) {
    const auto path = request.at("input").get<std::string>();
    images.tensor = read_tensors(path).at("input", path);
  } else {
    images.dataset = open_dataset(parse_data_spec(request.at("data").get<std::string>()));
  }
  return images;
}

SimilarityResult similarity_of(const LoadedModel& model, const Images& images,
                               const SimilaritySettings& settings, const SimilarityNotice& notice) {
  return images.dataset
             ? head_similarity(model.executor, model.weights, *images.dataset, settings, notice)
             : head_similarity(model.executor, model.weights, images.tensor, settings, notice);
}

const Dataset& labelled(const Images& images, const std::string& what) {
  if (!images.dataset) throw UserError(what + " needs labels: name a data set with --data");
  return *images.dataset;
}

/// Models of the same spec and form with initial weights of other seeds.
std::vector<SimilarityResult> controls_of(const Json& request, const ModelSpec& spec,
                                          const Images& images, const SimilaritySettings& settings,
                                          const SimilarityNotice& notice) {
  std::vector<SimilarityResult> controls;
  for (Index i = 0; i < settings.control; ++i) {
    Json random = request;
    random.erase("weights");
    random["seed"] = request.value("seed", std::uint64_t{0}) + 1 + static_cast<std::uint64_t>(i);
    controls.push_back(similarity_of(load_requested_model(random, spec), images, settings, notice));
  }
  return controls;
}

void add_importance(SimilarityResult& result, const LoadedModel& model, const Images& images,
                    const SimilaritySettings& settings, const SimilarityNotice& notice) {
  const auto importance =
      gate_importance(model.executor, model.weights,
                      labelled(images, "the measure gate_importance"), settings, notice);
  for (std::size_t layer = 0; layer < importance.size(); ++layer)
    result.layers[layer].per_head.emplace_back("gate_importance", importance[layer]);
}

}  // namespace

Json run_similarity_request(const Json& request, Events& events) {
  const RequestedModel model = requested_model(request);
  const LoadedModel loaded = load_requested_model(request, model.spec);
  const SimilaritySettings settings =
      similarity_settings_from_json(request.at("settings"), "settings");
  const auto notice = [&](Index done, Index total) { events.progress(done, total, "images"); };
  const Images images = requested_images(request);
  const bool ablates = request.value("ablate", false);
  if (ablates) labelled(images, "--ablate");
  SimilarityResult result = similarity_of(loaded, images, settings, notice);
  if (wants_importance(settings)) add_importance(result, loaded, images, settings, notice);
  add_control(result, controls_of(request, model.spec, images, settings, notice));
  Json payload = Json::object();
  payload["model"] = model.name;
  payload["id"] = model_id(model.spec);
  add_origin(payload, loaded);
  payload.update(similarity_json(result));
  if (ablates)
    payload["ablation"] = ablation_json(
        ablate_heads(loaded.executor, loaded.weights, *images.dataset, settings, notice));
  return payload;
}

}  // namespace vitlab
