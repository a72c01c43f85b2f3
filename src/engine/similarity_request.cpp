#include <functional>
#include <memory>

#include "core/error.h"
#include "engine/device_turn.h"
#include "engine/request_model.h"
#include "engine/requests.h"
#include "model/weight_files.h"
#include "similarity/attention_pictures.h"
#include "similarity/compare.h"
#include "similarity/head_ablation.h"
#include "similarity/head_similarity.h"
#include "similarity/image_source.h"
#include "similarity/layer_maps.h"
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

std::unique_ptr<ImageSource> source_of(const LoadedModel& model, const Images& images,
                                       const SimilaritySettings& settings) {
  const Graph& graph = model.executor.graph();
  return images.dataset ? images_of(*images.dataset, graph.value(graph.input).shape, settings)
                        : images_of(images.tensor, settings);
}

Json pictures_of(const LoadedModel& model, const Images& images, const Json& request) {
  const auto numbers = request.at("show").get<std::vector<Index>>();
  const Graph& graph = model.executor.graph();
  const auto source =
      images.dataset ? images_numbered(*images.dataset, graph.value(graph.input).shape, numbers)
                     : images_numbered(images.tensor, numbers);
  return draw_attention(model.executor, model.weights, *source, numbers,
                        request.at("folder").get<std::string>());
}

Json comparison_of(const Json& other, const SimilarityResult& result, const Images& images,
                   const SimilaritySettings& settings, const SimilarityNotice& notice) {
  const RequestedModel model = requested_model(other);
  const LoadedModel loaded = load_requested_model(other, model.spec);
  const SimilarityResult against = similarity_of(loaded, images, settings, notice);
  Json comparison{{"against", model.name}, {"id", model_id(model.spec)}};
  add_origin(comparison, loaded);
  comparison.update(comparison_json(compare_similarity(result, against, settings.seed)));
  return comparison;
}

}  // namespace

Json run_similarity_request(const Json& request, Events& events) {
  const RequestedModel model = requested_model(request);
  const LoadedModel loaded = load_requested_model(request, model.spec);
  const SimilaritySettings settings =
      similarity_settings_from_json(request.at("settings"), "settings");
  const auto notice = [&](Index done, Index total) { events.progress(done, total, "images"); };
  const Images images = requested_images(request);
  if (settings.ablate) labelled(images, "--ablate");
  if (wants_importance(settings)) labelled(images, "gate_importance");
  const DeviceLock turn = beside_others(events);
  SimilarityResult result = similarity_of(loaded, images, settings, notice);
  if (wants_importance(settings))
    add_importance(result, gate_importance(loaded.executor, loaded.weights,
                                           labelled(images, "gate_importance"), settings, notice));
  add_control(result, controls_of(request, model.spec, images, settings, notice));
  Json payload = Json::object();
  payload["model"] = model.name;
  payload["id"] = model_id(model.spec);
  add_origin(payload, loaded);
  payload.update(similarity_json(result));
  if (request.value("cross_layer", false))
    payload["cross_layer"] = layer_map_json(cross_layer_map(
        loaded.executor, loaded.weights, *source_of(loaded, images, settings), notice));
  if (request.value("layer_cka", false))
    payload["layer_cka"] = layer_map_json(
        layer_cka(loaded.executor, loaded.weights, *source_of(loaded, images, settings), notice));
  if (request.contains("against"))
    payload["comparison"] = comparison_of(request.at("against"), result, images, settings, notice);
  if (request.contains("show") && !request.at("show").empty())
    payload["pictures"] = pictures_of(loaded, images, request);
  if (settings.ablate)
    payload["ablation"] = ablation_json(
        ablate_heads(loaded.executor, loaded.weights, *images.dataset, settings, notice));
  return payload;
}

}  // namespace vitlab
