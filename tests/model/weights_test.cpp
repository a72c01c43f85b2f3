#include "model/weights.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "architecture/presets.h"
#include "core/error.h"
#include "core/files.h"
#include "interop/safetensors.h"
#include "model/device.h"
#include "model/weight_files.h"
#include "small_models.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::model {

namespace {

graph::Graph graph_of(std::string_view kind, std::uint64_t seed = 1) {
  return architecture::build_graph(RandomSpecs(seed).with_kind(kind));
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("starting weights depend on seed and name, not on order or dtype") {
  const graph::Graph graph = graph_of("cascaded_attention");
  const Weights one = initial_weights(graph, 7, at::kDouble);
  CHECK(largest_difference(one.tensors, initial_weights(graph, 7, at::kDouble).tensors) == 0);
  CHECK(largest_difference(one.tensors, initial_weights(graph, 8, at::kDouble).tensors) > 0);
  const Weights single = initial_weights(graph, 7);
  for (std::size_t i = 0; i < one.tensors.size(); ++i)
    CHECK(at::equal(one.tensors[i].to(at::kFloat), single.tensors[i]));
  graph::Graph reversed = graph;
  std::reverse(reversed.parameters.begin(), reversed.parameters.end());
  Weights back = initial_weights(reversed, 7, at::kDouble);
  std::reverse(back.tensors.begin(), back.tensors.end());
  CHECK(largest_difference(one.tensors, back.tensors) == 0);
}

TEST_CASE("starting weights follow their initialisers") {
  graph::Graph graph;
  graph.layers.push_back({"layer", "hand-made"});
  const auto add = [&](const char* name, graph::Initialiser how) {
    graph.add_parameter({graph::LayerId(0), name, {200, 100}, {{}, {}}, true, true, how});
  };
  add("zeros", {graph::Initialiser::Kind::kZeros});
  add("ones", {graph::Initialiser::Kind::kOnes});
  add("narrow", {graph::Initialiser::Kind::kTruncatedNormal, 0.02});
  add("wide", {graph::Initialiser::Kind::kTruncatedNormal, 2});
  add("kaiming", {graph::Initialiser::Kind::kKaimingUniform, 0, 25});
  const Weights weights = initial_weights(graph, 3);
  const auto extreme = [&](std::size_t i) { return weights.tensors[i].abs().max().item<double>(); };
  const auto deviation = [&](std::size_t i) { return weights.tensors[i].std().item<double>(); };
  CHECK(extreme(0) == 0);
  CHECK(weights.tensors[1].eq(1).all().item<bool>());
  CHECK(deviation(2) == Approx(0.02).epsilon(0.02));
  CHECK(extreme(3) <= 2);
  // A standard normal cut at ±1, times 2: its deviation is 0.5396 times 2.
  CHECK(deviation(3) == Approx(1.0793).epsilon(0.02));
  CHECK(extreme(4) <= 0.2);
  CHECK(extreme(4) > 0.199);
  CHECK(deviation(4) == Approx(0.2 / std::sqrt(3.0)).epsilon(0.02));
}

TEST_CASE("starting weights that a norm scales away start a residual branch as nothing") {
  const graph::Graph graph =
      architecture::build_graph({{3, 8, 8},
                                 layers::ConvolutionStem{.widths = {4}},
                                 {{.width = 4, .downsample = {}, .layers = {layers::FfnLayer{6}}}},
                                 {layers::NormLinearHead{2}}});
  const Weights weights = initial_weights(graph, 1);
  for (const graph::ParameterId i : graph.parameters.ids())
    if (graph.parameter_name(i) == "stages.0.layers.0.project.norm.weight")
      CHECK(weights[i].abs().max().item<double>() == 0);
}

TEST_CASE("saved weights come back bit by bit, statistics and metadata included") {
  const TemporaryFolder folder;
  for_every_kind(1, false, [&](const SmallModel& model, RandomSpecs&) {
    const auto path = folder / "model.safetensors";
    save_weights(path, model.graph(), model.weights, weight_metadata(model.spec));
    const Weights loaded = load_weights(path, model.graph(), at::kDouble);
    for (std::size_t i = 0; i < loaded.tensors.size(); ++i)
      CHECK(at::equal(loaded.tensors[i], model.weights.tensors[i]));
    const interop::Metadata metadata = read_tensors(path).metadata;
    CHECK(metadata.at("format") == "pt");
    CHECK_FALSE(metadata.at("vitlab.version").empty());
    CHECK(architecture::spec_from_json_text(metadata.at("vitlab.spec"), "metadata") == model.spec);
  });
}

TEST_CASE("tensors of every stored dtype come back bit by bit") {
  const TemporaryFolder folder;
  const at::Tensor numbers = 100 * gaussian({3, 4}, 1);
  std::vector<NamedTensor> tensors;
  for (const at::ScalarType dtype : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong,
                                     at::kInt, at::kByte, at::kBool})
    tensors.push_back({"t" + std::to_string(tensors.size()), numbers.abs().to(dtype)});
  tensors.push_back({"none", at::zeros({0, 3})});
  tensors.push_back({"scalar", at::full({}, 2.5)});
  tensors.push_back({"turned", numbers.transpose(0, 1)});
  write_tensors(folder / "all.safetensors", tensors);
  const TensorFile file = read_tensors(folder / "all.safetensors");
  REQUIRE(file.tensors.size() == tensors.size());
  for (const NamedTensor& named : tensors) {
    const at::Tensor& read = file.at(named.name, "file");
    CHECK(read.scalar_type() == named.tensor.scalar_type());
    CHECK(at::equal(read, named.tensor));
  }
  CHECK_THROWS_WITH(file.at("scaler", "x.safetensors"),
                    "x.safetensors has no tensor 'scaler'; did you mean 'scalar'?");
  CHECK_THROWS_AS(write_tensors(folder / "c", {{"c", at::zeros({2}, at::kComplexFloat)}}),
                  core::UserError);
}

TEST_CASE("weights of another model are refused with every name that does not fit") {
  const graph::Graph graph = graph_of("ffn", 2);
  auto tensors = named_weights(graph, random_weights(graph, 1));
  CHECK_NOTHROW(weights_from(tensors, graph, "w.safetensors"));
  const std::string missing = tensors[0].name, misshapen = tensors[1].name, whole = tensors[2].name;
  tensors[0].name += "s";
  tensors[1].tensor = at::zeros({2, 3, 5});
  tensors[2].tensor = tensors[2].tensor.to(at::kLong);
  tensors.push_back({"unrelated", at::zeros({1})});
  const std::string text = message_of([&] { weights_from(tensors, graph, "w.safetensors"); });
  CHECK_THAT(text, Catch::Contains("w.safetensors"));
  CHECK_THAT(text, Catch::Contains("4 problems") || Catch::Contains("5 problems"));
  CHECK_THAT(text, Catch::Contains("missing '" + missing + "'; did you mean '" + missing + "s'?"));
  CHECK_THAT(text, Catch::Contains("extra 'unrelated'"));
  CHECK_THAT(text, Catch::Contains("'" + misshapen + "' has shape (2, 3, 5)"));
  CHECK_THAT(text, Catch::Contains("'" + whole + "' holds whole numbers"));
}

TEST_CASE("a missing file and a folder are refused with their path") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(read_tensors(folder / "nothing.safetensors"),
                    Catch::Contains("nothing.safetensors") && Catch::Contains("No such file"));
  CHECK_THROWS_WITH(read_tensors(folder.path()), Catch::Contains("is a folder"));
}

TEST_CASE("sizes that no tensor can have are refused, although the tensor is empty") {
  const TemporaryFolder folder;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const auto write = [&](const std::vector<std::int64_t>& shape) {
    core::write_file_atomically(
        folder / "e.safetensors",
        interop::safetensors_bytes({{"e", interop::StoredType::kU8, shape, ""}}, {}));
    return read_tensors(folder / "e.safetensors");
  };
  CHECK(write({0, kMost}).tensors[0].tensor.numel() == 0);
  CHECK_THROWS_WITH(write({0, kMost, kMost}), Catch::Contains("'e' has sizes too large"));
}

TEST_CASE("weights of another family are refused in a message that can be read") {
  const architecture::ModelSpec deit = architecture::resolve_model("deit_tiny").spec;
  const graph::Graph graph = architecture::build_graph(deit);
  const graph::Graph other =
      architecture::build_graph(architecture::resolve_model("efficientvit_m0").spec);
  std::vector<NamedTensor> tensors;
  for (const graph::ParameterId i : graph.parameters.ids())
    tensors.push_back({graph.parameter_name(i), at::zeros({1})});
  const std::string text = message_of([&] { weights_from(tensors, other, "deit.pth"); });
  CHECK(std::count(text.begin(), text.end(), '\n') <= 34);
  CHECK_THAT(text, Catch::StartsWith("deit.pth does not hold the weights of this model (") &&
                       Catch::Contains(" more missing") && Catch::Contains(" more extra"));
}

TEST_CASE("copies are deep and conversions keep values") {
  const graph::Graph graph = graph_of("ffn");
  Weights weights = random_weights(graph, 1);
  require_gradients(graph, weights);
  const Weights copy = copied(weights);
  for (const graph::ParameterId i : graph.parameters.ids()) {
    CHECK(weights[i].requires_grad() == graph.parameter(i).trained);
    CHECK_FALSE(copy[i].requires_grad());
    CHECK(copy[i].const_data_ptr() != weights[i].const_data_ptr());
  }
  CHECK(converted(weights, at::kBFloat16).tensors[0].scalar_type() == at::kBFloat16);
  for (const graph::DtypeRow& row : graph::kDtypes)
    if (row.runs) CHECK(dtype_of(scalar_type(row.value)) == row.value);
  CHECK_THROWS_WITH(scalar_type(graph::Dtype::kFloat16),
                    Catch::Contains("dtype must be one of float32, bfloat16, float64"));
}

TEST_CASE("devices are found by name") {
  CHECK(open_device("cpu") == at::Device(at::kCPU));
  CHECK_FALSE(device_class(at::kCPU).empty());
  CHECK_THROWS_WITH(open_device("gpu"), Catch::Contains("cpu, cuda or cuda:<number>"));
  CHECK_THROWS_AS(open_device("cuda:x"), core::UserError);
  CHECK_THROWS_AS(open_device("cuda:-1"), core::UserError);
}

TEST_CASE("a CUDA device is opened, or its lack is told with the remedy") {
  try {
    const at::Device device = open_device("cuda");
    CHECK(device.is_cuda());
  } catch (const core::CapabilityError& error) {
    CHECK_THAT(std::string(error.what()), Catch::Contains("scripts/bootstrap --cuda"));
  }
  CHECK_THROWS_AS(open_device("cuda:99"), core::CapabilityError);
}

}  // namespace vitlab::model
