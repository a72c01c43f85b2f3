#include <filesystem>

#include "engine/request_model.h"
#include "engine/requests.h"
#include "exports/onnx_census.h"
#include "exports/onnx_evaluate.h"
#include "exports/weights_memory.h"
#include "exports/write_export.h"
#include "train/train_folder.h"

namespace vitlab::engine {

namespace {

namespace fs = std::filesystem;

std::string origin_of(const LoadedModel& loaded) {
  if (loaded.resized.empty()) return loaded.origin;
  return loaded.origin + " (position tables interpolated for this image size)";
}

core::Json census_json(const fs::path& out) {
  core::Json rows = core::Json::array();
  for (const exports::OnnxOpCount& count :
       exports::onnx_census(exports::read_onnx(out / "onnx" / "model.onnx")))
    rows.push_back({{"op", count.type}, {"nodes", count.nodes}, {"bytes", count.bytes}});
  return rows;
}

}  // namespace

core::Json answer(const messages::ExportRequest& request, Events& events) {
  const auto& [name, spec] = request.model;
  exports::require_memory_to_export(architecture::build_graph(spec), name,
                                    exports::available_memory());
  LoadedModel loaded = load_model(request);
  const exports::ExportModel model{name, spec, loaded.executor.graph(), std::move(loaded.weights),
                                   origin_of(loaded)};
  exports::ExportPlan plan;
  plan.formats = request.formats;
  if (request.form)
    plan.form = request.form == messages::ExportForm::kDeploy ? exports::GraphForm::kDeploy
                                                              : exports::GraphForm::kPlain;
  plan.opset = static_cast<int>(request.opset);
  plan.training = train::training_of(request.weights, spec);
  plan.command = request.words;
  core::Json payload =
      exports::write_export(model, plan, request.out,
                            [&](graph::Index done, graph::Index total, const std::string& what) {
                              events.progress(done, total, what);
                            });
  payload["out"] = request.out.string();
  if (!loaded.resized.empty()) payload["resized"] = loaded.resized;
  if (request.census) payload["census"] = census_json(request.out);
  return payload;
}

}  // namespace vitlab::engine
