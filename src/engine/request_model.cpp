#include "engine/request_model.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include "engine/requests.h"
#include "graph/fold.h"
#include "interop/name_map.h"
#include "model/device.h"
#include "model/layouts.h"

namespace vitlab::engine {

RequestedModel requested_model(const core::Json& request) {
  const core::Json& model = request.at("model");
  return {model.at("name").get<std::string>(),
          architecture::spec_from_json_text(core::dump_json(model.at("spec")), "request")};
}

LoadedModel load_requested_model(const core::Json& request, const architecture::ModelSpec& spec) {
  model::set_threads(static_cast<int>(request.value("threads", std::int64_t{1})));
  const at::Device device = model::open_device(request.value("device", std::string("cpu")));
  const at::ScalarType dtype =
      model::dtype_from_name(request.value("dtype", std::string("float32")));
  graph::Graph graph = architecture::build_graph(spec);
  const auto path = request.value("weights", std::string());
  const auto seed = request.value("seed", std::uint64_t{0});
  std::vector<std::string> resized;
  // Folding happens before the cast, so that bfloat16 rounds once.
  std::string origin = "initial weights of seed " + std::to_string(seed);
  model::Weights weights;
  if (path.empty()) {
    weights = model::initial_weights(graph, seed, at::kDouble);
  } else {
    model::TensorFile file = model::read_tensors(path);
    origin = file.title;
    weights =
        model::weights_of(std::move(file), spec, graph,
                          interop::layout_from_name(request.value("layout", std::string("vitlab"))),
                          at::kDouble, &resized);
    if (origin != path) std::cerr << "weights: " << origin << '\n';
  }
  tell_resized(resized);
  if (request.value("deploy", false)) {
    graph::Rewrite folded = graph::fold(graph);
    weights = model::rewrite_weights(folded, weights);
    graph = std::move(folded.graph);
  }
  return {model::Executor(std::move(graph), device), model::converted(weights, dtype, device),
          dtype, origin, resized};
}

void tell_resized(const std::vector<std::string>& resized) {
  constexpr std::size_t kShown = 3;
  if (resized.empty()) return;
  std::cerr << "position tables interpolated for this image size: " << resized.size() << " (";
  for (std::size_t i = 0; i < std::min(kShown, resized.size()); ++i)
    std::cerr << (i == 0 ? "" : ", ") << resized[i];
  std::cerr << (resized.size() > kShown ? ", …)\n" : ")\n");
}

void add_origin(core::Json& payload, const LoadedModel& loaded) {
  payload["weights"] = loaded.origin;
  if (!loaded.resized.empty()) payload["resized"] = loaded.resized;
}

}  // namespace vitlab::engine
