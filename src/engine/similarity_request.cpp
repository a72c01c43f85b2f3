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

namespace vitlab::engine {

namespace {

/// What is looked at: a tensor of images, or a data set.
struct Images {
  at::Tensor tensor;
  std::unique_ptr<data::Dataset> dataset;
};

Images requested_images(const messages::SimilarityRequest& request, const LoadedModel& model) {
  Images images;
  if (!request.input.empty())
    images.tensor = model::read_tensors(request.input).at("input", request.input.string());
  else
    images.dataset =
        open_dataset_for(model, request.data, {.on_broken = data::skipping(request.skip_broken)});
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
std::vector<similarity::SimilarityResult> controls_of(const messages::SimilarityRequest& request,
                                                      const Images& images,
                                                      const similarity::SimilarityNotice& notice) {
  std::vector<similarity::SimilarityResult> controls;
  messages::RunnableModel random = request;
  random.weights.clear();
  for (graph::Index i = 0; i < request.settings.control; ++i) {
    ++random.seed;
    controls.push_back(similarity_of(load_model(random), images, request.settings, notice));
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

std::vector<messages::AttentionPictures> pictures_of(const LoadedModel& model, const Images& images,
                                                     const messages::SimilarityRequest& request) {
  const std::vector<graph::Index>& numbers = request.show;
  const graph::Graph& graph = model.executor.graph();
  const auto source = images.dataset ? similarity::images_numbered(
                                           *images.dataset, graph.value(graph.input).shape, numbers)
                                     : similarity::images_numbered(images.tensor, numbers);
  return similarity::draw_attention(model.executor, model.weights, *source, numbers,
                                    request.folder.string());
}

messages::SimilarityComparison comparison_of(const messages::RunnableModel& other,
                                             const similarity::SimilarityResult& result,
                                             const Images& images,
                                             const sweep::SimilaritySettings& settings,
                                             const similarity::SimilarityNotice& notice) {
  const LoadedModel loaded = load_model(other);
  const similarity::SimilarityResult against = similarity_of(loaded, images, settings, notice);
  messages::SimilarityComparison comparison =
      similarity::compare_similarity(result, against, settings.seed);
  comparison.against = other.model.name;
  comparison.id = architecture::model_id(other.model.spec);
  comparison.weights = loaded.origin;
  comparison.resized = loaded.resized;
  return comparison;
}

}  // namespace

messages::SimilarityAnswer answer(const messages::SimilarityRequest& request, Events& events) {
  const LoadedModel loaded = load_model(request);
  const sweep::SimilaritySettings& settings = request.settings;
  const auto notice = [&](graph::Index done, graph::Index total) {
    events.progress(done, total, "images");
  };
  const Images images = requested_images(request, loaded);
  if (settings.ablate) labelled(images, "--ablate");
  if (similarity::wants_importance(settings)) labelled(images, "gate_importance");
  const store::DeviceLock turn = beside_others(events);
  similarity::SimilarityResult result = similarity_of(loaded, images, settings, notice);
  if (similarity::wants_importance(settings))
    similarity::add_importance(
        result, similarity::gate_importance(loaded.executor, loaded.weights,
                                            labelled(images, "gate_importance"), settings, notice));
  similarity::add_control(result, controls_of(request, images, notice));
  messages::SimilarityAnswer told{similarity::message_of(result)};
  told.model = request.model.name;
  told.id = architecture::model_id(request.model.spec);
  told.weights = loaded.origin;
  told.resized = loaded.resized;
  if (request.cross_layer)
    told.cross_layer = similarity::cross_layer_map(loaded.executor, loaded.weights,
                                                   *source_of(loaded, images, settings), notice);
  if (request.layer_cka)
    told.layer_cka = similarity::layer_cka(loaded.executor, loaded.weights,
                                           *source_of(loaded, images, settings), notice);
  if (request.against)
    told.comparison = comparison_of(*request.against, result, images, settings, notice);
  if (!request.show.empty()) told.pictures = pictures_of(loaded, images, request);
  if (settings.ablate)
    told.ablation = similarity::ablate_heads(loaded.executor, loaded.weights, *images.dataset,
                                             settings, notice);
  return told;
}

}  // namespace vitlab::engine
