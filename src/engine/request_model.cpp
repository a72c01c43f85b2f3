#include "engine/request_model.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include "graph/fold.h"
#include "interop/name_map.h"
#include "model/device.h"
#include "model/understand.h"
#include "train/evaluate.h"

namespace vitlab::engine {

LoadedModel load_model(const messages::RunnableModel& request) {
  model::set_threads(static_cast<int>(request.threads));
  const at::Device device = model::open_device(request.device);
  const at::ScalarType dtype = model::scalar_type(request.dtype);
  const architecture::ModelSpec& spec = request.model.spec;
  graph::Graph graph = architecture::build_graph(spec);
  std::vector<std::string> resized;
  // Folding happens before the cast, so that bfloat16 rounds once.
  std::string origin = "initial weights of seed " + std::to_string(request.seed);
  model::Weights weights;
  architecture::TrainedOn trained_on;
  if (request.weights.empty()) {
    weights = model::initial_weights(graph, request.seed, at::kDouble);
  } else {
    model::TensorFile file = model::read_tensors(request.weights, request.ema);
    origin = file.title;
    if (origin != request.weights.string()) std::cerr << "weights: " << origin << '\n';
    model::UnderstoodWeights understood =
        model::understand(std::move(file), spec, graph, request.layout, at::kDouble);
    tell_notes(understood.notes);
    weights = std::move(understood.weights);
    resized = std::move(understood.resized);
    trained_on = std::move(understood.trained_on);
  }
  tell_resized(resized);
  if (request.deploy) {
    graph::Rewrite folded = graph::fold(graph);
    weights = model::rewrite_weights(folded, weights);
    graph = std::move(folded.graph);
  }
  return {model::Executor(std::move(graph), device),
          model::converted(weights, dtype, device),
          dtype,
          origin,
          resized,
          std::move(trained_on)};
}

std::unique_ptr<data::Dataset> open_dataset_for(const LoadedModel& model, const std::string& data,
                                                const data::OpenOptions& options) {
  auto dataset = data::open_dataset(data::parse_data_spec(data), options);
  train::check_class_names(model.trained_on.class_names, *dataset);
  if (model.trained_on.preprocessing) dataset->prepare(*model.trained_on.preprocessing);
  return dataset;
}

void tell_notes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) std::cerr << "weights: " << note << '\n';
}

void tell_resized(const std::vector<std::string>& resized) {
  constexpr std::size_t kShown = 3;
  if (resized.empty()) return;
  std::cerr << "position tables interpolated for this image size: " << resized.size() << " (";
  for (std::size_t i = 0; i < std::min(kShown, resized.size()); ++i)
    std::cerr << (i == 0 ? "" : ", ") << resized[i];
  std::cerr << (resized.size() > kShown ? ", …)\n" : ")\n");
}

}  // namespace vitlab::engine
