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

namespace vitlab::engine {

namespace {

/// What is looked at: a tensor of images, or a data set.
struct Images {
  at::Tensor tensor;
  std::unique_ptr<data::Dataset> dataset;
};

Images requested_images(const core::Json& request) {
  Images images;
  if (request.contains("input")) {
    const auto path = request.at("input").get<std::string>();
    images.tensor = model::read_tensors(path).at("input", path);
  } else {
    images.dataset =
        data::open_dataset(data::parse_data_spec(request.at("data").get<std::string>()));
  }
  return images;
}

similarity::SimilarityResult similarity_of(const LoadedModel& model, const Images& images,
                                           const sweep::SimilaritySettings& settings,
                                           const similarity::SimilarityNotice& notice) {
  return images.dataset ? similarity::head_similarity(model.executor, model.weights,
                                                      *images.dataset, settings, notice)
                        : similarity::head_similarity(model.executor, model.weights, images.tensor,
                                                      settings, notice);
}

const data::Dataset& labelled(const Images& images, const std::string& what) {
  if (!images.dataset) throw core::UserError(what + " needs labels: name a data set with --data");
  return *images.dataset;
}

/// Models of the same spec and form with initial weights of other seeds.
std::vector<similarity::SimilarityResult> controls_of(const core::Json& request,
                                                      const architecture::ModelSpec& spec,
                                                      const Images& images,
                                                      const sweep::SimilaritySettings& settings,
                                                      const similarity::SimilarityNotice& notice) {
  std::vector<similarity::SimilarityResult> controls;
  for (graph::Index i = 0; i < settings.control; ++i) {
    core::Json random = request;
    random.erase("weights");
    random["seed"] = request.value("seed", std::uint64_t{0}) + 1 + static_cast<std::uint64_t>(i);
    controls.push_back(similarity_of(load_requested_model(random, spec), images, settings, notice));
  }
  return controls;
}

std::unique_ptr<similarity::ImageSource> source_of(const LoadedModel& model, const Images& images,
                                                   const sweep::SimilaritySettings& settings) {
  const graph::Graph& graph = model.executor.graph();
  return images.dataset
             ? similarity::images_of(*images.dataset, graph.value(graph.input).shape, settings)
             : similarity::images_of(images.tensor, settings);
}

core::Json pictures_of(const LoadedModel& model, const Images& images, const core::Json& request) {
  const auto numbers = request.at("show").get<std::vector<graph::Index>>();
  const graph::Graph& graph = model.executor.graph();
  const auto source = images.dataset ? similarity::images_numbered(
                                           *images.dataset, graph.value(graph.input).shape, numbers)
                                     : similarity::images_numbered(images.tensor, numbers);
  return similarity::draw_attention(model.executor, model.weights, *source, numbers,
                                    request.at("folder").get<std::string>());
}

core::Json comparison_of(const core::Json& other, const similarity::SimilarityResult& result,
                         const Images& images, const sweep::SimilaritySettings& settings,
                         const similarity::SimilarityNotice& notice) {
  const RequestedModel model = requested_model(other);
  const LoadedModel loaded = load_requested_model(other, model.spec);
  const similarity::SimilarityResult against = similarity_of(loaded, images, settings, notice);
  core::Json comparison{{"against", model.name}, {"id", architecture::model_id(model.spec)}};
  add_origin(comparison, loaded);
  comparison.update(
      similarity::comparison_json(similarity::compare_similarity(result, against, settings.seed)));
  return comparison;
}

}  // namespace

core::Json run_similarity_request(const core::Json& request, Events& events) {
  const RequestedModel model = requested_model(request);
  const LoadedModel loaded = load_requested_model(request, model.spec);
  const sweep::SimilaritySettings settings =
      sweep::similarity_settings_from_json(request.at("settings"), "settings");
  const auto notice = [&](graph::Index done, graph::Index total) {
    events.progress(done, total, "images");
  };
  const Images images = requested_images(request);
  if (settings.ablate) labelled(images, "--ablate");
  if (similarity::wants_importance(settings)) labelled(images, "gate_importance");
  const store::DeviceLock turn = beside_others(events);
  similarity::SimilarityResult result = similarity_of(loaded, images, settings, notice);
  if (similarity::wants_importance(settings))
    similarity::add_importance(
        result, similarity::gate_importance(loaded.executor, loaded.weights,
                                            labelled(images, "gate_importance"), settings, notice));
  similarity::add_control(result, controls_of(request, model.spec, images, settings, notice));
  core::Json payload = core::Json::object();
  payload["model"] = model.name;
  payload["id"] = architecture::model_id(model.spec);
  add_origin(payload, loaded);
  payload.update(similarity::similarity_json(result));
  if (request.value("cross_layer", false))
    payload["cross_layer"] = similarity::layer_map_json(similarity::cross_layer_map(
        loaded.executor, loaded.weights, *source_of(loaded, images, settings), notice));
  if (request.value("layer_cka", false))
    payload["layer_cka"] = similarity::layer_map_json(similarity::layer_cka(
        loaded.executor, loaded.weights, *source_of(loaded, images, settings), notice));
  if (request.contains("against"))
    payload["comparison"] = comparison_of(request.at("against"), result, images, settings, notice);
  if (request.contains("show") && !request.at("show").empty())
    payload["pictures"] = pictures_of(loaded, images, request);
  if (settings.ablate)
    payload["ablation"] = similarity::ablation_json(similarity::ablate_heads(
        loaded.executor, loaded.weights, *images.dataset, settings, notice));
  return payload;
}

}  // namespace vitlab::engine
