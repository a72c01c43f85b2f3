#include "exports/model_card.h"

#include "core/text.h"
#include "graph/cost.h"

namespace vitlab::exports {

namespace {

std::string size_text(const architecture::ImageShape& image) {
  return std::to_string(image.channels) + " x " + std::to_string(image.height) + " x " +
         std::to_string(image.width);
}

/// The first few of many, safe for a cell of a table.
std::string listed_classes(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 100;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i)
    text += (i == 0 ? "" : ", ") + core::printable(names[i]);
  if (names.size() > kShown) text += ", … (all in the files' metadata)";
  return text;
}

std::string facts(const ExportModel& model) {
  const graph::Cost cost = graph::graph_cost(model.graph);
  core::TextTable table({"what", "value"});
  table.add({"images", size_text(model.spec.image) + " (channels x height x width), float32"});
  for (const graph::NamedOutput& output : model.graph.outputs)
    table.add({"output `" + output.name + "`",
               std::to_string(model.graph.value(output.value).shape.back()) + " classes"});
  table.add({"parameters", core::with_thousands(cost.parameters)});
  table.add({"multiply-adds an image", core::with_thousands(cost.macs)});
  table.add({"vitlab's id", "`" + architecture::model_id(model.spec) + "`"});
  table.add({"images are prepared by",
             model.trained_on.preprocessing
                 ? architecture::preprocessing_text(*model.trained_on.preprocessing)
                 : "not known to vitlab"});
  if (!model.trained_on.class_names.empty())
    table.add(
        {"classes, in the order of the logits", listed_classes(model.trained_on.class_names)});
  return table.markdown();
}

std::string percent(double share) { return core::significant(100 * share, 4) + " %"; }

/// Recipe, data and accuracy, if the weights were trained by vitlab.
std::string training_text(const messages::TrainReport& training) {
  std::string text = "Trained by vitlab on `" + training.data + "` (fingerprint `" +
                     training.fingerprint + "`), " + std::to_string(training.epochs_done) +
                     " epochs, seed " + std::to_string(training.seed) + ".\n";
  if (const auto& accuracy = training.accuracy)
    text += "Top-1 accuracy on its test split: " + percent(accuracy->value) + " (" +
            std::to_string(accuracy->samples) + " images, 95 % interval " + percent(accuracy->low) +
            " to " + percent(accuracy->high) + ").\n";
  return text + "Recipe: `" + core::dump_json(sweep::recipe_json(training.recipe)) + "`\n";
}

struct Loading {
  const char* format;
  const char* text;
};

constexpr Loading kLoading[] = {
    {"yaml",
     "`spec.yaml` is every layer with its sizes; with `model.safetensors` beside it this folder is "
     "a\nmodel for vitlab: `vitlab profile DIR`.\n"},
    {"safetensors", "`model.safetensors` holds the weights under vitlab's names.\n"},
    {"timm",
     "```python\nimport timm\nmodel = timm.create_model(\"local-dir:DIR/timm\", "
     "pretrained=True).eval()\n```\n"},
    {"official",
     "`official/model.safetensors` holds the weights under the names of the papers' own code:\n"
     "`model.load_state_dict(safetensors.torch.load_file(\"DIR/official/model.safetensors\"))`.\n"},
    {"onnx",
     "```python\nimport onnxruntime\nsession = "
     "onnxruntime.InferenceSession(\"DIR/onnx/model.onnx\")\n"
     "logits = session.run(None, {\"input\": images})[0]  # any batch size\n```\n"},
    {"torchscript",
     "```python\nimport torch\nmodel = torch.jit.load(\"DIR/torchscript/model.pt\")\n```\n"
     "```cpp\ntorch::jit::Module model = torch::jit::load(\"DIR/torchscript/model.pt\");\n"
     "at::Tensor logits = model.forward({images}).toTensor();  // any batch size\n```\n"
     "It computes as in evaluation mode, whatever `train()` says. TorchScript is deprecated by "
     "PyTorch (2.11).\n"},
};

std::string loading_text(const messages::ExportReport& report) {
  std::string text;
  for (const messages::FormatCheck& row : report.formats)
    for (const Loading& loading : kLoading)
      if (row.format == loading.format)
        text += "### " + std::string(loading.format) + "\n\n" + loading.text + "\n";
  return text;
}

std::string checks_text(const messages::ExportReport& report) {
  core::TextTable table(
      {"form", "ran by", "largest difference", "over the largest logit", "allowed"});
  const auto add = [&](const std::string& name, const messages::FormCheck& row) {
    table.add({name, row.ran_by, core::significant(row.max_abs_difference, 3),
               core::significant(row.max_rel_difference, 3),
               core::significant(row.max_rel_allowed, 3)});
  };
  for (const messages::FormatCheck& row : report.formats) add(row.format, row);
  add("deploy form", report.deploy);
  return table.markdown();
}

}  // namespace

std::string model_card(const ExportModel& model, const ExportPlan& plan,
                       const messages::ExportReport& report) {
  std::string text = "# " + core::printable(model.name) + "\n\n" + facts(model) +
                     "\n## Weights\n\n" + "From: " + core::printable(model.origin) + "\n";
  text += plan.training ? training_text(*plan.training)
                        : "How they were trained, and how good they are, is not known to vitlab.\n";
  text +=
      "\n## Loading\n\nDIR is this folder. Samples lie in [0, 1], then mean and std are "
      "applied.\n\n" +
      loading_text(report) + "## What was checked\n\n" +
      "Logits of each form against vitlab's own plain forward, seeds 0, 1, 2, batches of 1 and "
      "3 normal random images:\n\n" +
      checks_text(report) +
      "\n`verify.json` holds the same; `sha256sum --check SHA256SUMS` checks the files.\n\n" +
      "Made by vitlab " VITLAB_VERSION;
  if (!plan.command.empty()) text += " with\n\n```\n" + core::printable(plan.command) + "\n```";
  return text + "\n";
}

}  // namespace vitlab::exports
