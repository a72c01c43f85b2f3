#include <utility>

#include "engine/request_model.h"
#include "engine/requests.h"
#include "exports/onnx_census.h"
#include "exports/onnx_evaluate.h"
#include "exports/weights_memory.h"
#include "exports/write_export.h"
#include "train/train_folder.h"

namespace vitlab::engine {

namespace {

std::string origin_of(const LoadedModel& loaded) {
  if (loaded.resized.empty()) return loaded.origin;
  return loaded.origin + " (position tables interpolated for this image size)";
}

}  // namespace

messages::ExportAnswer answer(const messages::ExportRequest& request, Events& events) {
  const auto& [name, spec] = request.model;
  exports::require_memory_to_export(architecture::build_graph(spec), name,
                                    exports::available_memory());
  LoadedModel loaded = load_model(request);
  const exports::ExportModel model{name,
                                   spec,
                                   loaded.executor.graph(),
                                   std::move(loaded.weights),
                                   origin_of(loaded),
                                   loaded.trained_on};
  exports::ExportPlan plan;
  plan.formats = request.formats;
  plan.form = request.form;
  plan.opset = static_cast<int>(request.opset);
  plan.training = train::training_of(request.weights, spec);
  plan.command = request.words;
  messages::ExportAnswer answer =
      exports::write_export(model, plan, request.out,
                            [&](graph::Index done, graph::Index total, const std::string& what) {
                              events.progress(done, total, what);
                            });
  answer.resized = std::move(loaded.resized);
  if (request.census)
    answer.census = exports::onnx_census(exports::read_onnx(request.out / "onnx" / "model.onnx"));
  return answer;
}

}  // namespace vitlab::engine
