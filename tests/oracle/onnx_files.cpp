// onnx_files FOLDER CASES.json: per case (model, size, classes, opset, deploy, and more knobs) an
// ONNX file, and the images and logits of the same weights by vitlab's own forward.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include "architecture/presets.h"
#include "core/hash.h"
#include "core/json.h"
#include "exports/onnx_evaluate.h"
#include "exports/onnx_writer.h"
#include "model/device.h"
#include "model/executor.h"
#include "model/weight_files.h"
#include "telling_weights.h"

namespace vitlab {
namespace {

at::Tensor forward(const exports::ExportModel& model, const at::Tensor& images) {
  const auto outputs = model::Executor(model.graph).run(model.weights, images).outputs;
  return at::stack(outputs).mean(0);
}

void write_case(const core::Json& row, const std::filesystem::path& folder) {
  const auto name = row.at("model").get<std::string>(), as = row.at("case").get<std::string>();
  auto knobs = row.value("knobs", std::vector<std::string>{});
  knobs.push_back("image_size=" + core::dump_json(row.at("size")));
  knobs.push_back("classes=" + core::dump_json(row.at("classes")));
  const architecture::ModelSpec spec = architecture::resolve_model(name, knobs).spec;
  graph::Graph graph = architecture::build_graph(spec);
  model::Weights weights = telling_weights(graph);
  const exports::ExportModel model{name, spec, std::move(graph), std::move(weights),
                                   "drawn for a test"};
  const std::filesystem::path file = folder / (as + ".onnx");
  exports::write_onnx(model, {row.at("opset").get<int>(), row.at("deploy").get<bool>()}, file);
  const at::Tensor images = at::empty({3, spec.image.channels, spec.image.height, spec.image.width})
                                .normal_(0, 1, at::detail::createCPUGenerator(core::mix64(1, as)));
  const at::Tensor logits = forward(model, images);
  model::write_tensors(
      folder / (as + ".run.safetensors"),
      {{"input", images}, {"logits", logits}, {"evaluated", exports::evaluate_onnx(file, images)}});
}

}  // namespace
}  // namespace vitlab

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    vitlab::model::set_threads(1);
    const c10::NoGradGuard no_grad;
    std::ifstream file(argv[2]);
    std::ostringstream text;
    text << file.rdbuf();
    for (const vitlab::core::Json& row : vitlab::core::parse_json(text.str(), argv[2]))
      vitlab::write_case(row, argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
