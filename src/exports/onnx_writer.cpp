#include "exports/onnx_writer.h"

#include <string>

#include "core/error.h"
#include "core/files.h"
#include "exports/onnx_lowering.h"
#include "exports/onnx_passes.h"
#include "exports/onnx_wire.h"
#include "model/weight_files.h"

namespace vitlab::exports {

OnnxModel onnx_model(const ExportModel& model, const OnnxOptions& options) {
  if (options.opset < 17 || options.opset > 20)
    throw core::UserError("opset " + std::to_string(options.opset) +
                          " is not one that vitlab writes; choose 17, 18, 19 or 20");
  OnnxModel result;
  result.opset = options.opset;
  result.graph_name = model.name;
  result.doc = "vitlab's " + model.name + ", " +
               (options.deploy ? "batch norms folded" : "as trained") +
               "; weights: " + model.origin;
  for (const auto& [key, value] : model::weight_metadata(model.spec, model.trained_on)) {
    if (key == "format") continue;
    if (key == "vitlab.version") result.producer_version = value;
    result.metadata.emplace_back(key, value);
  }
  result.metadata.emplace_back("vitlab.model", model.name);
  if (options.deploy) {
    DeployedModel folded = deployed(model);
    move_less(folded);
    lower_to_onnx(folded.graph, folded.weights, result);
  } else {
    lower_to_onnx(model.graph, model.weights, result);
  }
  return result;
}

void write_onnx(const ExportModel& model, const OnnxOptions& options,
                const std::filesystem::path& file) {
  core::write_file_atomically(file, encode_onnx(onnx_model(model, options)));
}

}  // namespace vitlab::exports
