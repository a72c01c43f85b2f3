#include <filesystem>

#include "core/config_node.h"
#include "engine/request_model.h"
#include "engine/requests.h"
#include "exports/onnx_census.h"
#include "exports/onnx_evaluate.h"
#include "exports/weights_memory.h"
#include "exports/write_export.h"

namespace vitlab::engine {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxTrainingBytes = 100'000'000;

std::string origin_of(const LoadedModel& loaded) {
  if (loaded.resized.empty()) return loaded.origin;
  return loaded.origin + " (position tables interpolated for this image size)";
}

/// train.json beside the weights, if they are what that training wrote; else null.
core::Json training_of(const fs::path& weights, const architecture::ModelSpec& spec) {
  const fs::path file = weights.parent_path() / "train.json";
  const bool is_trained =
      weights.filename() == "model.safetensors" || weights.filename() == "best.safetensors";
  if (!is_trained || !fs::is_regular_file(file)) return nullptr;
  core::Json training =
      core::parse_json(core::read_text_file(file, kMaxTrainingBytes), file.string());
  return training.value("model_id", std::string()) == architecture::model_id(spec)
             ? training
             : core::Json(nullptr);
}

core::Json census_json(const fs::path& out) {
  core::Json rows = core::Json::array();
  for (const exports::OnnxOpCount& count :
       exports::onnx_census(exports::read_onnx(out / "onnx" / "model.onnx")))
    rows.push_back({{"op", count.type}, {"nodes", count.nodes}, {"bytes", count.bytes}});
  return rows;
}

}  // namespace

core::Json run_export_request(const core::Json& request, Events& events) {
  const RequestedModel requested = requested_model(request);
  exports::require_memory_to_export(architecture::build_graph(requested.spec), requested.name,
                                    exports::available_memory());
  LoadedModel loaded = load_requested_model(request, requested.spec);
  const exports::ExportModel model{requested.name, requested.spec, loaded.executor.graph(),
                                   std::move(loaded.weights), origin_of(loaded)};
  exports::ExportPlan plan;
  plan.formats = request.at("formats").get<std::vector<std::string>>();
  const auto form = request.value("form", std::string());
  plan.form = form.empty()       ? exports::GraphForm::kNone
              : form == "deploy" ? exports::GraphForm::kDeploy
                                 : exports::GraphForm::kPlain;
  plan.opset = static_cast<int>(request.value("opset", std::int64_t{18}));
  plan.training = training_of(request.value("weights", std::string()), requested.spec);
  plan.command = request.value("words", std::string());
  const auto out = request.at("out").get<std::string>();
  core::Json payload = exports::write_export(
      model, plan, out, [&](graph::Index done, graph::Index total, const std::string& what) {
        events.progress(done, total, what);
      });
  payload["out"] = out;
  if (!loaded.resized.empty()) payload["resized"] = loaded.resized;
  if (request.value("census", false)) payload["census"] = census_json(fs::path(out));
  return payload;
}

}  // namespace vitlab::engine
