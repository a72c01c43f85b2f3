#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "engine/request_model.h"
#include "engine/requests.h"
#include "model/mean_logits.h"
#include "model/weight_files.h"

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

}  // namespace

messages::ForwardAnswer answer(const messages::ForwardRequest& request, Events& events) {
  const LoadedModel loaded = load_model(request);
  const std::string source = request.input.string();
  const model::TensorFile file = model::read_tensors(source);
  const at::Tensor images = file.at("input", source);
  const c10::NoGradGuard no_grad;
  model::RunOptions options;
  options.taps = request.taps;
  const model::RunResult result = loaded.executor.run(loaded.weights, images, options);
  events.progress(1, 1, "forward");
  model::write_tensors(request.output, named_results(loaded.executor.graph(), result, options.taps),
                       model::weight_metadata(request.model.spec));
  messages::ForwardAnswer answer;
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
