#include "exports/torchscript.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include "core/json.h"
#include "exports/torchscript_code.h"
#include "graph/fold.h"
#include "model/op_constants.h"
#include "model/weight_files.h"

namespace vitlab::exports {

namespace fs = std::filesystem;
namespace jit = torch::jit;

namespace {

fs::path torchscript_file(const fs::path& folder) { return folder / "torchscript" / "model.pt"; }

/// A module with nothing in it, in evaluation mode; `training` is there because Python's train()
/// and eval() set it, no operation reads it.
jit::Module empty_module(const char* name, const std::shared_ptr<jit::CompilationUnit>& unit) {
  jit::Module module(c10::QualifiedName(name), unit, /*shouldMangle=*/true);
  module.register_attribute("training", c10::BoolType::get(), false);
  return module;
}

/// Puts a tensor where its dotted name says, making the modules on the way.
void put(jit::Module module, const std::string& name, const at::Tensor& tensor, bool is_buffer) {
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) {
    module.register_parameter(name, tensor, is_buffer);
    return;
  }
  const std::string first = name.substr(0, dot);
  if (!module.hasattr(first))
    module.register_module(
        first, empty_module("__torch__.vitlab.Part", module._ivalue()->compilation_unit()));
  put(module.attr(first).toModule(), name.substr(dot + 1), tensor, is_buffer);
}

jit::Module script_module(const graph::Graph& graph, const model::Weights& weights) {
  const TorchScriptCode code = torchscript_code(graph);
  jit::Module root =
      empty_module("__torch__.vitlab.Model", std::make_shared<jit::CompilationUnit>());
  for (const graph::ParameterId i : graph.parameters.ids()) {
    const bool is_buffer = !graph.parameters[i].trained;
    put(root, graph.parameter_name(i), weights[i].detach().clone().set_requires_grad(!is_buffer),
        is_buffer);
  }
  std::vector<at::Tensor> constants;
  for (std::size_t i = 0; i < code.constants.size(); ++i) {
    at::Tensor constant = model::op_constant(code.constants[i]);
    if (constant.scalar_type() == at::kLong) constant = constant.flatten();
    // Equal ones share their memory, so that the file holds them once.
    const auto known = std::find_if(constants.begin(), constants.end(), [&](const at::Tensor& t) {
      return t.scalar_type() == constant.scalar_type() && at::equal(t, constant);
    });
    constants.push_back(known == constants.end() ? constant : *known);
    root.register_buffer(torchscript_constant_name(i), constants.back());
  }
  root.define(code.text);
  return root;
}

}  // namespace

void check_torchscript(const ExportModel& model, const FormatOptions& options) {
  torchscript_code(options.form == messages::ExportForm::kDeploy ? graph::fold(model.graph).graph
                                                                 : model.graph);
}

void write_torchscript(const ExportModel& model, const FormatOptions& options,
                       const fs::path& folder) {
  core::Json about = core::Json::object();
  for (const auto& [key, value] : model::weight_metadata(model.spec, model.trained_on))
    about[key] = value;
  about["vitlab.weights"] = model.origin;
  const fs::path file = torchscript_file(folder);
  fs::create_directories(file.parent_path());
  const jit::ExtraFilesMap extra{{kExtraFile, core::dump_json(about, 2)}};
  if (options.form == messages::ExportForm::kDeploy) {
    const DeployedModel folded = deployed(model);
    script_module(folded.graph, folded.weights).save(file.string(), extra);
  } else {
    script_module(model.graph, model.weights).save(file.string(), extra);
  }
}

Forward open_torchscript(const ExportModel& /*model*/, const fs::path& folder) {
  const auto module =
      std::make_shared<jit::Module>(jit::load(torchscript_file(folder).string(), at::kCPU));
  return [module](const at::Tensor& images) {
    const c10::InferenceMode no_gradients;
    return module->forward({images}).toTensor();
  };
}

}  // namespace vitlab::exports
