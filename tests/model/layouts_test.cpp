#include "model/layouts.h"

#include <cmath>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include "architecture/presets.h"
#include "core/error.h"
#include "core/json.h"
#include "formula.h"
#include "graph/fold.h"
#include "model/weight_files.h"
#include "small_models.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::model {

namespace {

Weights formula_weights(const architecture::ModelSpec& spec, const graph::Graph& graph,
                        double gain) {
  const std::vector<interop::NameMapEntry> map =
      interop::name_map(spec, graph, interop::WeightLayout::kTimm);
  std::vector<at::Tensor> tensors;
  for (const interop::NameMapEntry& entry : map) {
    const graph::Shape shape = interop::foreign_shape(entry, graph);
    tensors.push_back(formula_tensor(
        entry.foreign_name, {shape.begin(), static_cast<std::size_t>(shape.rank())}, gain));
  }
  return joined(map, tensors);
}

core::Json golden_cases() {
  const std::string path = std::string(VITLAB_SOURCE_DIR) + "/tests/golden/timm_logits.json";
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return core::parse_json(text.str(), path).at("cases");
}

double relative_difference(const at::Tensor& a, const at::Tensor& b) {
  return largest_difference(a, b) / b.abs().max().item<double>();
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "no error";
}

/// Knobs of a small Swin of 16 x 16 pixels, then 8 x 8, in windows of 4.
const std::vector<std::string> kSmallSwin{"image_size=64", "width=8", "depths=[2, 2]",
                                          "heads=[2, 4]", "window=4"};

/// A small model that every layout holds, with its weights.
struct Sample {
  explicit Sample(const std::string& name, std::vector<std::string> knobs = {})
      : spec(architecture::resolve_model(name, small(std::move(knobs))).spec),
        graph(architecture::build_graph(spec)),
        weights(random_weights(graph, 3)) {}

  static std::vector<std::string> small(std::vector<std::string> knobs) {
    knobs.push_back("classes=5");
    if (knobs.size() == 1) knobs.push_back("image_size=64");
    return knobs;
  }

  architecture::ModelSpec spec;
  graph::Graph graph;
  Weights weights;
};

std::vector<NamedTensor> without(std::vector<NamedTensor> tensors, const std::string& name) {
  std::erase_if(tensors, [&](const NamedTensor& named) { return named.name == name; });
  return tensors;
}

using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("timm's logits come out of weights that a formula gives to timm's names") {
  set_threads(1);
  for (const core::Json& row : golden_cases()) {
    const auto name = row.at("model").get<std::string>();
    auto overrides = row.at("knobs").get<std::vector<std::string>>();
    overrides.push_back("image_size=" + core::dump_json(row.at("image_size")));
    overrides.push_back("classes=" + core::dump_json(row.at("classes")));
    const architecture::ModelSpec spec = architecture::resolve_model(name, overrides).spec;
    const graph::Graph graph = architecture::build_graph(spec);
    const Weights weights = formula_weights(spec, graph, row.value("gain", 1.0));
    const at::Tensor images =
        2 * formula("input", {2, spec.image.channels, spec.image.height, spec.image.width});
    const auto logits = row.at("logits").get<std::vector<double>>();
    const at::Tensor expected = at::tensor(logits, at::kDouble).reshape({2, -1});
    INFO(name);
    const Executor plain(graph);
    const auto logits_of = [](const RunResult& result) {
      return at::stack(result.outputs).mean(0);
    };
    CHECK(relative_difference(logits_of(plain.run(weights, images)), expected) < 1e-10);
    const graph::Rewrite folded = graph::fold(graph);
    const Executor deployed(folded.graph);
    const at::Tensor result = logits_of(deployed.run(rewrite_weights(folded, weights), images));
    CHECK(relative_difference(result, expected) < 1e-10);
  }
}

TEST_CASE("weights written in a layout read back the same") {
  const TemporaryFolder folder;
  for (const std::string name : {"efficientvit_m0", "efficientvit_m5", "deit_tiny",
                                 "deit_tiny_distilled", "swin_tiny", "swinv2_tiny"}) {
    const Sample sample(name, name.starts_with("swin") ? kSmallSwin : std::vector<std::string>{});
    for (const auto layout : {interop::WeightLayout::kVitlab, interop::WeightLayout::kTimm,
                              interop::WeightLayout::kOfficial}) {
      INFO(name << ' ' << interop::layout_name(layout));
      const auto path = folder / "w.safetensors";
      write_weights(path, sample.spec, sample.graph, sample.weights, layout);
      const Weights read = read_weights(path, sample.spec, sample.graph, layout, at::kDouble);
      CHECK(largest_difference(read.tensors, sample.weights.tensors) == 0);
    }
  }
}

TEST_CASE("a parameter that a layout holds as two tensors is written and read as two") {
  const TemporaryFolder folder;
  const Sample sample("deit_tiny_distilled");
  const auto path = folder / "w.safetensors";
  write_weights(path, sample.spec, sample.graph, sample.weights, interop::WeightLayout::kTimm);
  std::vector<NamedTensor> tensors = read_tensors(path).tensors;
  const auto shape_of = [&](const std::string& name) {
    return TensorFile{tensors, {}}.at(name, "file").sizes().vec();
  };
  CHECK(shape_of("cls_token") == std::vector<graph::Index>{1, 1, 192});
  CHECK(shape_of("dist_token") == std::vector<graph::Index>{1, 1, 192});
  CHECK(shape_of("head_dist.weight") == std::vector<graph::Index>{5, 192});
  write_tensors(path, without(std::move(tensors), "dist_token"));
  CHECK_THAT(message_of([&] {
               read_weights(path, sample.spec, sample.graph, interop::WeightLayout::kTimm,
                            at::kFloat);
             }),
             Contains("missing 'dist_token'") && Contains("(1 problems)"));
}

TEST_CASE("weights of convolutional networks written in timm's names read back the same") {
  const TemporaryFolder folder;
  for (const std::string name : {"mobilenetv2_100", "mobilenetv3_small_100", "mobilevit_xxs"}) {
    const Sample sample(name);
    const auto path = folder / "w.safetensors";
    write_weights(path, sample.spec, sample.graph, sample.weights, interop::WeightLayout::kTimm);
    const Weights read =
        read_weights(path, sample.spec, sample.graph, interop::WeightLayout::kTimm, at::kDouble);
    CHECK(largest_difference(read.tensors, sample.weights.tensors) == 0);
  }
}

TEST_CASE("files for the official code hold its counters and bias indices") {
  const TemporaryFolder folder;
  const Sample sample("efficientvit_m0");
  const auto path = folder / "w.safetensors";
  write_weights(path, sample.spec, sample.graph, sample.weights, interop::WeightLayout::kOfficial);
  const TensorFile file = read_tensors(path);
  const at::Tensor counter = file.at("head.bn.num_batches_tracked", "file");
  CHECK(counter.dim() == 0);
  CHECK(counter.scalar_type() == at::kLong);
  CHECK(counter.item<std::int64_t>() == 0);
  const at::Tensor index = file.at("blocks2.3.mixer.m.attn.attention_bias_idxs", "file");
  CHECK(at::equal(index, at::tensor(std::vector<std::int64_t>{0, 1, 2, 3,  //
                                                              1, 0, 3, 2,  //
                                                              2, 3, 0, 1,  //
                                                              3, 2, 1, 0},
                                    at::kLong)
                             .reshape({4, 4})));
}

TEST_CASE("files for the official Swin hold its buffers") {
  const TemporaryFolder folder;
  const auto path = folder / "w.safetensors";
  const auto shape_of = [&](const std::string& name) {
    return read_tensors(path).at(name, "file").sizes().vec();
  };
  const Sample first("swin_tiny", kSmallSwin);
  write_weights(path, first.spec, first.graph, first.weights, interop::WeightLayout::kOfficial);
  CHECK(shape_of("layers.0.blocks.0.attn.relative_position_index") ==
        std::vector<graph::Index>{16, 16});
  CHECK(shape_of("layers.0.blocks.1.attn_mask") == std::vector<graph::Index>{16, 16, 16});
  CHECK(shape_of("layers.1.blocks.1.attn_mask") == std::vector<graph::Index>{4, 16, 16});
  std::size_t masks = 0;
  for (const NamedTensor& named : read_tensors(path).tensors)
    masks += named.name.ends_with("attn_mask") ? 1 : 0;
  CHECK(masks == 2);
  const Sample second("swinv2_tiny", kSmallSwin);
  write_weights(path, second.spec, second.graph, second.weights, interop::WeightLayout::kOfficial);
  CHECK(shape_of("layers.1.blocks.0.attn.relative_coords_table") ==
        std::vector<graph::Index>{1, 7, 7, 2});
  CHECK(shape_of("layers.1.blocks.0.attn.relative_position_index") ==
        std::vector<graph::Index>{16, 16});
}

TEST_CASE("the official layout may hold 1x1 convolutions flat, timm's may not") {
  const TemporaryFolder folder;
  const Sample sample("efficientvit_m0");
  const auto path = folder / "w.safetensors";
  const auto flatten_and_read = [&](interop::WeightLayout layout) {
    write_weights(path, sample.spec, sample.graph, sample.weights, layout);
    std::vector<NamedTensor> tensors = read_tensors(path).tensors;
    for (NamedTensor& named : tensors)
      if (named.tensor.dim() == 4 && named.tensor.size(2) == 1 && named.tensor.size(1) > 1)
        named.tensor = named.tensor.flatten(1);
    write_tensors(path, tensors);
    return read_weights(path, sample.spec, sample.graph, layout, at::kDouble);
  };
  const Weights read = flatten_and_read(interop::WeightLayout::kOfficial);
  CHECK(largest_difference(read.tensors, sample.weights.tensors) == 0);
  CHECK_THAT(message_of([&] { flatten_and_read(interop::WeightLayout::kTimm); }),
             Contains("'stages.0.blocks.0.ffn0.m.pw1.conv.weight' has shape (128, 64), the model "
                      "needs (128, 64, 1, 1)"));
}

TEST_CASE("messages name tensors as the file does") {
  const TemporaryFolder folder;
  const Sample sample("efficientvit_m0");
  const auto path = folder / "w.safetensors";
  write_weights(path, sample.spec, sample.graph, sample.weights, interop::WeightLayout::kTimm);
  std::vector<NamedTensor> tensors = read_tensors(path).tensors;
  tensors = without(std::move(tensors), "head.linear.bias");
  tensors = without(std::move(tensors), "stages.0.blocks.0.dw0.m.bn.num_batches_tracked");
  tensors.push_back({"head.linear.biass", at::zeros({5})});
  tensors.push_back({"patch_embed.conv1.conv.bias", at::zeros({8})});
  write_tensors(path, tensors);
  const std::string message = message_of([&] {
    read_weights(path, sample.spec, sample.graph, interop::WeightLayout::kTimm, at::kFloat);
  });
  CHECK_THAT(message, Contains("missing 'head.linear.bias'; did you mean 'head.linear.biass'?"));
  CHECK_THAT(message, Contains("extra 'patch_embed.conv1.conv.bias'"));
  CHECK_THAT(message, Contains("(3 problems)"));
  CHECK_THAT(message, Contains("layout"));
}

TEST_CASE("a file in another layout than told is refused") {
  const TemporaryFolder folder;
  const Sample sample("deit_tiny");
  const auto path = folder / "w.safetensors";
  write_weights(path, sample.spec, sample.graph, sample.weights, interop::WeightLayout::kVitlab);
  CHECK_THAT(message_of([&] {
               read_weights(path, sample.spec, sample.graph, interop::WeightLayout::kTimm,
                            at::kFloat);
             }),
             Contains("304 problems") && Contains("missing 'cls_token'") &&
                 Contains("extra 'heads.0.norm.bias'") && Contains("… and 142 more missing") &&
                 Contains("… and 142 more extra"));
}

TEST_CASE("nothing is written in a layout that cannot hold the model") {
  const TemporaryFolder folder;
  const architecture::ModelSpec spec =
      architecture::resolve_model("efficientvit_m0", {"mixer=full", "image_size=64"}).spec;
  const graph::Graph graph = architecture::build_graph(spec);
  const auto path = folder / "w.safetensors";
  CHECK_THROWS_AS(
      write_weights(path, spec, graph, random_weights(graph, 1), interop::WeightLayout::kTimm),
      core::UserError);
  CHECK_FALSE(std::filesystem::exists(path));
}

}  // namespace vitlab::model
