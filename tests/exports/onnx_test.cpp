#include <set>

#include "architecture/presets.h"
#include "core/error.h"
#include "exports/onnx_census.h"
#include "exports/onnx_evaluate.h"
#include "exports/onnx_wire.h"
#include "exports/onnx_writer.h"
#include "model/small_models.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::exports {

namespace {

/// A random model in float32, as exports have it.
ExportModel export_of(const model::SmallModel& model) {
  return {"small", model.spec, model.graph(), model::converted(model.weights, at::kFloat),
          "random"};
}

/// Calls `law(model)` for random models with a layer of each kind that have a mean of their heads.
template <typename Law>
void for_every_exported_kind(std::uint64_t count, Law&& law) {
  model::for_every_kind(count, false, [&](const model::SmallModel& model, RandomSpecs&) {
    std::set<graph::Index> classes;
    for (const graph::NamedOutput& output : model.graph().outputs)
      classes.insert(model.graph().value(output.value).shape.back());
    if (classes.size() == 1) return law(model);
    CHECK_THROWS_WITH(onnx_model(export_of(model), {}), Catch::Contains("other classes"));
  });
}

/// What the forward command gives: the mean of the heads.
at::Tensor logits_of(const model::SmallModel& model, const at::Tensor& images) {
  const auto outputs = model.outputs(images);
  at::Tensor sum = outputs.front();
  for (std::size_t i = 1; i < outputs.size(); ++i) sum = sum + outputs[i];
  return sum / static_cast<double>(outputs.size());
}

}  // namespace

TEST_CASE("an ONNX model computes what the graph does, for every layer kind, opset and form") {
  for_every_exported_kind(2, [](const model::SmallModel& model) {
    const at::Tensor images = model.images(3, 5);
    const at::Tensor expected = logits_of(model, images);
    const double scale = std::max(1.0, expected.abs().max().item<double>());
    for (const OnnxOptions options : {OnnxOptions{17, true}, OnnxOptions{18, false},
                                      OnnxOptions{19, true}, OnnxOptions{20, false}}) {
      const std::string bytes = encode_onnx(onnx_model(export_of(model), options));
      const at::Tensor got = evaluate_onnx(decode_onnx(bytes), images.to(at::kFloat));
      INFO("opset " << options.opset << ", deploy " << options.deploy);
      CHECK(model::largest_difference(got.to(at::kDouble), expected) < 1e-4 * scale);
    }
  });
}

TEST_CASE(
    "nodes and values of an ONNX model have unique names, and each is made before it is read") {
  for_every_exported_kind(1, [](const model::SmallModel& model) {
    const OnnxModel onnx = onnx_model(export_of(model), {});
    std::set<std::string> nodes, values{"", onnx.input.name};
    for (const OnnxTensor& tensor : onnx.tensors) CHECK(values.insert(tensor.name).second);
    for (const OnnxNode& node : onnx.nodes) {
      CHECK(nodes.insert(node.name).second);
      for (const std::string& input : node.inputs) CHECK(values.count(input) == 1);
      for (const std::string& output : node.outputs) CHECK(values.insert(output).second);
    }
    CHECK(values.count(onnx.output.name) == 1);
  });
}

TEST_CASE("an ONNX file is read back as it was written") {
  const TemporaryFolder folder;
  const model::SmallModel model(
      architecture::resolve_model("efficientvit_m0", {"image_size=64", "classes=5"}).spec, 4);
  const OnnxModel made = onnx_model(export_of(model), {});
  write_onnx(export_of(model), {}, folder.path() / "model.onnx");
  const OnnxModel read = read_onnx(folder.path() / "model.onnx");
  CHECK(encode_onnx(read) == encode_onnx(made));
  CHECK(read.opset == 18);
  CHECK(read.graph_name == "small");
  CHECK(read.input.shape == made.input.shape);
  CHECK(read.metadata == made.metadata);
  CHECK(read.tensors.size() == made.tensors.size());
}

TEST_CASE("the deploy form of a preset computes nothing but what the images need") {
  const auto count = [](const std::vector<OnnxOpCount>& census, const std::string& type) {
    graph::Index nodes = 0;
    for (const OnnxOpCount& row : census) nodes += row.type == type ? row.nodes : 0;
    return nodes;
  };
  for (const char* name : {"efficientvit_m0", "deit_tiny"}) {
    const model::SmallModel model(
        architecture::resolve_model(name, {"image_size=64", "classes=5"}).spec, 4);
    const auto plain = onnx_census(onnx_model(export_of(model), {18, false}));
    const auto deploy = onnx_census(onnx_model(export_of(model), {18, true}));
    for (const char* gone : {"BatchNormalization", "Gather"}) CHECK(count(deploy, gone) == 0);
    CHECK(count(plain, "Mul") > count(deploy, "Mul"));
    CHECK(count(deploy, "Transpose") <= count(plain, "Transpose"));
    CHECK(deploy[0].type == "Reshape");
    CHECK(deploy[1].type == "Transpose");
    for (const char* needed : {"Conv", "MatMul", "Softmax", "Add"})
      CHECK(count(deploy, needed) > 0);
    CHECK(count(deploy, "Split") < count(plain, "Split"));  // of biases; of DeiT's projections
  }
}

TEST_CASE("the census counts every node, and bytes of what is read and written") {
  const model::SmallModel model(
      architecture::resolve_model("efficientvit_m0", {"image_size=64", "classes=5"}).spec, 4);
  const OnnxModel onnx = onnx_model(export_of(model), {});
  const auto census = onnx_census(onnx);
  std::size_t nodes = 0;
  for (const OnnxOpCount& row : census) {
    nodes += static_cast<std::size_t>(row.nodes);
    CHECK((row.bytes == 0) == (row.type == "Reshape" || row.type == "Identity" ||
                               row.type == "Flatten" || row.nodes == 0));
  }
  CHECK(nodes == onnx.nodes.size());
  OnnxModel one;
  one.input = {"input", {2, 3, 4}};
  one.output = {"logits", {2, 4, 3}};
  one.nodes.push_back(
      {"Transpose", "t", {"input"}, {"logits"}, {{"perm", std::vector<graph::Index>{0, 1, 3, 2}}}});
  CHECK(onnx_census(one)[1].bytes == 2 * 24 * 4);
}

TEST_CASE("opsets that are not written are refused") {
  RandomSpecs specs(3);
  const model::SmallModel model(specs.with_kind("ffn"), 4);
  CHECK_THROWS_AS(onnx_model(export_of(model), {16, true}), core::UserError);
  CHECK_THROWS_AS(onnx_model(export_of(model), {21, true}), core::UserError);
}

TEST_CASE("a file beyond protobuf's 2 GiB is refused with the reason") {
  OnnxModel model;
  model.graph_name = "large";
  model.tensors.push_back({"w", at::empty({1}).expand({1 << 30})});
  CHECK_THROWS_WITH(encode_onnx(model), Catch::Contains("2048"));
}

}  // namespace vitlab::exports
