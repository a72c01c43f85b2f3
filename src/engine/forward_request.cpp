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

core::Json run_forward_request(const core::Json& request, Events& events) {
  const RequestedModel model = requested_model(request);
  const LoadedModel loaded = load_requested_model(request, model.spec);
  const auto source = request.at("input").get<std::string>();
  const model::TensorFile file = model::read_tensors(source);
  const at::Tensor images = file.at("input", source);
  const c10::NoGradGuard no_grad;
  model::RunOptions options;
  options.taps = request.value("taps", false);
  const model::RunResult result = loaded.executor.run(loaded.weights, images, options);
  events.progress(1, 1, "forward");
  const auto output = request.at("output").get<std::string>();
  model::write_tensors(output, named_results(loaded.executor.graph(), result, options.taps),
                       model::weight_metadata(model.spec));
  core::Json payload = core::Json::object();
  payload["model"] = model.name;
  payload["id"] = architecture::model_id(model.spec);
  payload["output"] = output;
  payload["images"] = images.size(0);
  payload["dtype"] = model::dtype_name(loaded.dtype);
  payload["deploy"] = request.value("deploy", false);
  add_origin(payload, loaded);
  return payload;
}

}  // namespace vitlab::engine
