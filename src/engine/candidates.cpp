#include "engine/candidates.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/InferenceMode.h>

#include "core/error.h"
#include "engine/file_runs.h"
#include "exports/onnx_writer.h"
#include "exports/torchscript.h"
#include "model/mean_logits.h"

namespace vitlab::engine {

namespace {

namespace fs = std::filesystem;

/// Removed with everything in it at the end of the scope.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "vitlab-measure-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      throw core::UserError("no folder can be made in " + fs::temp_directory_path().string() +
                            "; set TMPDIR to a folder that can be written");
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Residual branches that start at zero would hide whatever is wrong behind them.
void wake_zeros(model::Weights& weights) {
  const at::Generator generator = at::detail::createCPUGenerator(1);
  for (at::Tensor& tensor : weights.tensors)
    if (!tensor.ne(0).any().item<bool>()) tensor = 0.02 * at::randn(tensor.sizes(), generator);
}

/// The file of a runtime, written into a folder.
fs::path write_file_of(const exports::ExportModel& model, const sweep::Protocol& protocol,
                       const fs::path& folder) {
  if (protocol.runtime == sweep::Runtime::kOnnxruntime) {
    exports::write_onnx(model, {.deploy = protocol.deploy}, folder / "model.onnx");
    return folder / "model.onnx";
  }
  exports::write_torchscript(
      model,
      {.form = protocol.deploy ? messages::ExportForm::kDeploy : messages::ExportForm::kPlain},
      folder);
  return folder / "torchscript" / "model.pt";
}

using OpenFile = std::unique_ptr<profile::TimedRun> (*)(const FileToRun&, const sweep::Protocol&);

OpenFile opener_of(sweep::Runtime runtime) {
  switch (runtime) {
    case sweep::Runtime::kOnnxruntime:
      return open_onnxruntime;
    case sweep::Runtime::kTorchscript:
      return open_torchscript_run;
    case sweep::Runtime::kPt2:
      return open_pt2;
    case sweep::Runtime::kLibtorch:
      break;
  }
  core::ensure(false, "vitlab's own runtime opens no files");
  return nullptr;
}

std::unique_ptr<profile::TimedRun> open_written(const ModelToTime& model,
                                                const sweep::Protocol& protocol) {
  profile::check_forward_fits(model.forms->graph(), protocol);
  exports::ExportModel exported{model.forms->name(), model.spec, model.forms->graph(),
                                model.forms->weights(), "measured"};
  wake_zeros(exported.weights);
  const ScratchFolder folder;
  FileToRun file;
  file.path = write_file_of(exported, protocol, folder.path());
  file.image =
      graph::Shape{1, model.spec.image.channels, model.spec.image.height, model.spec.image.width};
  file.expected = [&exported](const at::Tensor& images) {
    const c10::InferenceMode no_gradients;
    const model::Executor executor(exported.graph);
    return model::mean_logits(executor.run(exported.weights, images).outputs);
  };
  return opener_of(protocol.runtime)(file, protocol);
}

sweep::Runtime runtime_of_file(const std::string& path) {
  if (const auto found = sweep::runtime_of_extension(fs::path(path).extension().string()))
    return *found;
  throw core::UserError(path +
                        " is no file that is measured: .onnx, .pt (TorchScript) and .pt2 are");
}

}  // namespace

ModelToTime model_to_time(const std::string& name, const architecture::ModelSpec& spec) {
  graph::Graph graph = architecture::build_graph(spec);
  const auto load = [graph] { return model::initial_weights(graph, 0); };
  return {spec, std::make_shared<profile::ModelForms>(name, std::move(graph), load)};
}

profile::Candidate model_candidate(const ModelToTime& model, const sweep::Protocol& protocol) {
  if (protocol.runtime == sweep::Runtime::kLibtorch)
    return profile::own_candidate(model.forms, protocol);
  if (protocol.runtime == sweep::Runtime::kPt2)
    throw core::UserError("vitlab writes no .pt2 of " + model.forms->name() +
                          "; give a compiled .pt2 file in place of the model");
  return {model.forms->name(), protocol, model.forms->bytes(protocol),
          [model, protocol] { return open_written(model, protocol); }};
}

profile::Candidate file_candidate(const std::string& name, const std::string& path,
                                  graph::Index image_size, const sweep::Protocol& protocol) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) throw core::UserError("cannot read " + path + ": " + error.message());
  FileToRun file;
  file.path = fs::absolute(path);
  if (image_size > 0) file.image = graph::Shape{1, 3, image_size, image_size};
  sweep::Protocol own = protocol;
  own.runtime = runtime_of_file(path);
  return {name, own, 2 * static_cast<graph::Index>(size),
          [file, own] { return opener_of(own.runtime)(file, own); }};
}

std::vector<profile::Candidate> requested_candidates(
    const std::vector<messages::MeasureCandidate>& wanted) {
  std::vector<ModelToTime> models;
  std::vector<profile::Candidate> candidates;
  for (const messages::MeasureCandidate& one : wanted) {
    if (one.spec.has_value() != one.file.empty())
      throw core::UserError("the candidate " + one.name + " must have either a spec or a file");
    if (!one.spec) {
      candidates.push_back(
          file_candidate(one.name, one.file.string(), one.image_size, one.protocol));
      continue;
    }
    auto known = std::find_if(models.begin(), models.end(), [&](const ModelToTime& model) {
      return model.forms->name() == one.name && model.spec == *one.spec;
    });
    if (known == models.end()) known = models.insert(known, model_to_time(one.name, *one.spec));
    candidates.push_back(model_candidate(*known, one.protocol));
  }
  return candidates;
}

}  // namespace vitlab::engine
