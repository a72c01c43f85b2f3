// onnx_files FOLDER CASES.json: per case (model, size, classes, opset, deploy, and more knobs) an
// ONNX file, and the images and logits of the same weights by vitlab's own forward.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include "core/hash.h"
#include "core/json.h"
#include "export/onnx_evaluate.h"
#include "export/onnx_writer.h"
#include "model/device.h"
#include "model/executor.h"
#include "model/weight_files.h"
#include "spec/presets.h"
#include "telling_weights.h"

namespace vitlab {
namespace {

at::Tensor forward(const ExportModel& model, const at::Tensor& images) {
  const auto outputs = Executor(model.graph).run(model.weights, images).outputs;
  return at::stack(outputs).mean(0);
}

void write_case(const Json& row, const std::filesystem::path& folder) {
  const auto name = row.at("model").get<std::string>(), as = row.at("case").get<std::string>();
  auto knobs = row.value("knobs", std::vector<std::string>{});
  knobs.push_back("image_size=" + dump_json(row.at("size")));
  knobs.push_back("classes=" + dump_json(row.at("classes")));
  const ModelSpec spec = resolve_model(name, knobs).spec;
  Graph graph = build_graph(spec);
  Weights weights = telling_weights(graph);
  const ExportModel model{name, spec, std::move(graph), std::move(weights), "drawn for a test"};
  const std::filesystem::path file = folder / (as + ".onnx");
  write_onnx(model, {row.at("opset").get<int>(), row.at("deploy").get<bool>()}, file);
  const at::Tensor images = at::empty({3, spec.image.channels, spec.image.height, spec.image.width})
                                .normal_(0, 1, at::detail::createCPUGenerator(mix64(1, as)));
  const at::Tensor logits = forward(model, images);
  write_tensors(
      folder / (as + ".run.safetensors"),
      {{"input", images}, {"logits", logits}, {"evaluated", evaluate_onnx(file, images)}});
}

}  // namespace
}  // namespace vitlab

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    vitlab::set_threads(1);
    const c10::NoGradGuard no_grad;
    std::ifstream file(argv[2]);
    std::ostringstream text;
    text << file.rdbuf();
    for (const vitlab::Json& row : vitlab::parse_json(text.str(), argv[2]))
      vitlab::write_case(row, argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
