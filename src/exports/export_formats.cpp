#include <array>

#include "architecture/presets.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/names.h"
#include "exports/export_format.h"
#include "exports/onnx_evaluate.h"
#include "exports/onnx_writer.h"
#include "exports/torchscript.h"
#include "interop/name_map.h"
#include "interop/timm_config.h"
#include "model/executor.h"
#include "model/layouts.h"
#include "model/mean_logits.h"
#include "model/weight_files.h"

namespace vitlab::exports {

namespace fs = std::filesystem;

namespace {

constexpr const char* kSpecFile = "spec.yaml";
constexpr const char* kWeightsFile = "model.safetensors";

Forward run_by_executor(const graph::Graph& graph, model::Weights weights) {
  return
      [executor = model::Executor(graph), weights = std::move(weights)](const at::Tensor& images) {
        return model::mean_logits(executor.run(weights, images).outputs);
      };
}

void accept_every_model(const ExportModel& /*model*/, const FormatOptions& /*options*/) {}

void write_yaml(const ExportModel& model, const FormatOptions& /*options*/,
                const fs::path& folder) {
  core::write_file_atomically(folder / kSpecFile, architecture::spec_yaml(model.spec));
}

Forward open_yaml(const ExportModel& model, const fs::path& folder) {
  const architecture::ModelSpec spec =
      architecture::resolve_model((folder / kSpecFile).string()).spec;
  return run_by_executor(architecture::build_graph(spec), model.weights);
}

void write_safetensors(const ExportModel& model, const FormatOptions& /*options*/,
                       const fs::path& folder) {
  model::save_weights(folder / kWeightsFile, model.graph, model.weights,
                      model::weight_metadata(model.spec, model.trained_on));
}

Forward open_safetensors(const ExportModel& model, const fs::path& folder) {
  return run_by_executor(model.graph,
                         model::load_weights(folder / kWeightsFile, model.graph, model.dtype()));
}

void check_timm(const ExportModel& model, const FormatOptions& /*options*/) {
  try {
    interop::timm_config(model.spec, model.graph, model.trained_on);
  } catch (const interop::LayoutRefusal& refusal) {
    refuse_format("timm", model, refusal.path(), refusal.reason());
  }
}

void write_timm(const ExportModel& model, const FormatOptions& /*options*/,
                const fs::path& folder) {
  core::write_file_atomically(
      folder / "timm" / "config.json",
      core::dump_json(interop::timm_config(model.spec, model.graph, model.trained_on), 2) + "\n");
  model::write_weights(folder / "timm" / kWeightsFile, model.spec, model.graph, model.weights,
                       interop::WeightLayout::kTimm);
}

Forward open_timm(const ExportModel& model, const fs::path& folder) {
  return run_by_executor(
      model.graph, model::read_weights(folder / "timm" / kWeightsFile, model.spec, model.graph,
                                       interop::WeightLayout::kTimm));
}

void check_official(const ExportModel& model, const FormatOptions& /*options*/) {
  try {
    interop::name_map(model.spec, model.graph, interop::WeightLayout::kOfficial);
  } catch (const interop::LayoutRefusal& refusal) {
    refuse_format("official", model, refusal.path(), refusal.reason());
  }
}

void write_official(const ExportModel& model, const FormatOptions& /*options*/,
                    const fs::path& folder) {
  fs::create_directories(folder / "official");
  model::write_weights(folder / "official" / kWeightsFile, model.spec, model.graph, model.weights,
                       interop::WeightLayout::kOfficial);
}

Forward open_official(const ExportModel& model, const fs::path& folder) {
  return run_by_executor(
      model.graph, model::read_weights(folder / "official" / kWeightsFile, model.spec, model.graph,
                                       interop::WeightLayout::kOfficial));
}

fs::path onnx_file(const fs::path& folder) { return folder / "onnx" / "model.onnx"; }

OnnxOptions onnx_options(const FormatOptions& options) {
  return {options.opset, options.form == messages::ExportForm::kDeploy};
}

void check_onnx(const ExportModel& model, const FormatOptions& options) {
  onnx_model(model, onnx_options(options));
}

void write_onnx_file(const ExportModel& model, const FormatOptions& options,
                     const fs::path& folder) {
  write_onnx(model, onnx_options(options), onnx_file(folder));
}

Forward open_onnx(const ExportModel& /*model*/, const fs::path& folder) {
  return [onnx = read_onnx(onnx_file(folder))](const at::Tensor& images) {
    return evaluate_onnx(onnx, images);
  };
}

// The same tensors in the same executor should give the same bits; the limit leaves room for a
// LibTorch that computes by where memory is aligned.
constexpr double kSameWeights = 1e-6;

constexpr std::array kFormats{
    ExportFormat{"yaml", accept_every_model, write_yaml, open_yaml,
                 "vitlab: the model built from spec.yaml", kSameWeights},
    ExportFormat{"safetensors", accept_every_model, write_safetensors, open_safetensors,
                 "vitlab: the weights read back", kSameWeights},
    ExportFormat{"timm", check_timm, write_timm, open_timm,
                 "vitlab: the weights read back under timm's names", kSameWeights},
    ExportFormat{"official", check_official, write_official, open_official,
                 "vitlab: the weights read back under the official names", kSameWeights},
    ExportFormat{"onnx", check_onnx, write_onnx_file, open_onnx,
                 "vitlab: an evaluator of the file's own nodes", 1e-5,
                 messages::ExportForm::kDeploy},
    ExportFormat{"torchscript", check_torchscript, write_torchscript, open_torchscript,
                 "LibTorch: torch::jit::load in the process that wrote it", 1e-5,
                 messages::ExportForm::kPlain},
};

}  // namespace

std::span<const ExportFormat> export_formats() { return kFormats; }

const ExportFormat& export_format(std::string_view name) {
  std::vector<std::string> known;
  for (const ExportFormat& format : kFormats) {
    if (format.name == name) return format;
    known.emplace_back(format.name);
  }
  throw core::UserError("'" + std::string(name) + "' is not an export format" +
                        core::did_you_mean(name, known));
}

void refuse_format(std::string_view format, const ExportModel& model, const std::string& path,
                   const std::string& reason) {
  throw core::UserError("--format " + std::string(format) + " cannot express " + model.name + ": " +
                        path + " " + reason + "; leave " + std::string(format) +
                        " out of --format");
}

}  // namespace vitlab::exports
