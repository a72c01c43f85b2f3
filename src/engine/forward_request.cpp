#include <algorithm>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "engine/request_model.h"
#include "engine/requests.h"
#include "model/mean_logits.h"
#include "model/weight_files.h"
#include "train/evaluate.h"

namespace vitlab::engine {

namespace {

std::vector<model::NamedTensor> named_results(const graph::Graph& graph,
                                              const model::RunResult& result, bool taps) {
  std::vector<model::NamedTensor> tensors{
      {"logits", model::mean_logits(result.outputs).contiguous()}};
  for (std::size_t i = 1; i < result.outputs.size(); ++i)
    tensors.push_back({graph.outputs[i].name, result.outputs[i].contiguous()});
  if (!taps) return tensors;
  for (std::size_t i = 0; i < result.attention.size(); ++i)
    tensors.push_back({graph.attention_name(graph.attention[i]) + ".attention",
                       result.attention[i].maps.contiguous()});
  return tensors;
}

at::Tensor images_of_tensors(const std::filesystem::path& input) {
  return model::read_tensors(input).at("input", input.string());
}

/// The files' pixels as the weights want them, or as photos usually are.
at::Tensor images_of_files(const messages::ForwardRequest& request, const LoadedModel& loaded,
                           messages::ForwardAnswer& answer) {
  const auto files = data::open_image_files(request.images);
  if (loaded.trained_on.preprocessing) files->prepare(*loaded.trained_on.preprocessing);
  const graph::Graph& graph = loaded.executor.graph();
  data::BatchLoader loader(*files,
                           train::plain_loading(graph, data::Split::kTest,
                                                static_cast<graph::Index>(request.images.size())));
  data::Batch batch;
  loader.start(0);
  loader.next(batch);
  answer.preprocessing = train::trained_on(*files, graph).preprocessing;
  return train::images_of(batch, graph).clone();
}

std::vector<messages::ToldImage> told_images(const std::vector<std::string>& files,
                                             const at::Tensor& logits,
                                             const std::vector<std::string>& names) {
  constexpr std::int64_t kShown = 5;
  const at::Tensor shares = logits.cpu().to(at::kDouble).softmax(1);
  const auto [values, classes] = shares.topk(std::min(kShown, shares.size(1)), 1);
  std::vector<messages::ToldImage> told;
  for (std::size_t i = 0; i < files.size(); ++i) {
    messages::ToldImage image{files[i], {}};
    const auto row = static_cast<std::int64_t>(i);
    for (std::int64_t k = 0; k < values.size(1); ++k) {
      const auto number = static_cast<std::size_t>(classes[row][k].item<std::int64_t>());
      image.top.push_back({number < names.size() ? names[number] : std::to_string(number),
                           values[row][k].item<double>()});
    }
    told.push_back(std::move(image));
  }
  return told;
}

}  // namespace

messages::ForwardAnswer answer(const messages::ForwardRequest& request, Events& events) {
  const LoadedModel loaded = load_model(request);
  messages::ForwardAnswer answer;
  const at::Tensor images = request.images.empty() ? images_of_tensors(request.input)
                                                   : images_of_files(request, loaded, answer);
  const c10::NoGradGuard no_grad;
  model::RunOptions options;
  options.taps = request.taps;
  const model::RunResult result = loaded.executor.run(loaded.weights, images, options);
  events.progress(1, 1, "forward");
  if (!request.output.empty())
    model::write_tensors(request.output,
                         named_results(loaded.executor.graph(), result, options.taps),
                         model::weight_metadata(request.model.spec));
  if (!request.images.empty())
    answer.told = told_images(request.images, model::mean_logits(result.outputs),
                              loaded.trained_on.class_names);
  answer.model = request.model.name;
  answer.id = architecture::model_id(request.model.spec);
  answer.output = request.output.string();
  answer.images = images.size(0);
  answer.dtype = model::dtype_of(loaded.dtype);
  answer.deploy = request.deploy;
  answer.weights = loaded.origin;
  answer.resized = loaded.resized;
  return answer;
}

}  // namespace vitlab::engine
