#include "architecture/model_spec.h"

#include <filesystem>
#include <fstream>

#include "architecture/presets.h"
#include "random_models.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::architecture {
namespace {

TEST_CASE("explicit YAML reads back to the same spec and id") {
  RandomModels models(101);
  for (int run = 0; run < 200; ++run) {
    const ModelSpec spec = models.next();
    const std::string yaml = spec_yaml(spec);
    INFO(yaml);
    const ModelSpec back = spec_from_json_text(yaml, "test.yaml");
    REQUIRE(back == spec);
    REQUIRE(model_id(back) == model_id(spec));
    REQUIRE(spec_from_json_text(spec_json(spec).dump(), "test.json") == spec);
  }
}

TEST_CASE("presets written out read back, and a preset as a file is the preset") {
  TemporaryFolder folder;
  for (const std::string& name : preset_names()) {
    INFO(name);
    const NamedModel model = resolve_model(name);
    std::ofstream(folder / (name + ".yaml")) << spec_yaml(model.spec);
    const NamedModel file = resolve_model((folder / (name + ".yaml")).string());
    CHECK(file.spec == model.spec);
    CHECK(file.name == name);
    CHECK(file.knobs.empty());
    CHECK(model.knobs.begin().key() == "template");
    CHECK(expand_knobs(model.knobs, "test") == model.spec);
  }
}

TEST_CASE("a folder with spec.yaml is a model with that folder") {
  TemporaryFolder folder;
  const ModelSpec spec = resolve_model("efficientvit_m1").spec;
  std::ofstream(folder / "spec.yaml") << spec_yaml(spec);
  const NamedModel model = resolve_model(folder.path().string());
  CHECK(model.spec == spec);
  CHECK(model.folder == folder.path());
}

TEST_CASE("the canonical form leaves out defaults and keeps what differs") {
  const ModelSpec spec = resolve_model("efficientvit_m0").spec;
  const std::string text = core::canonical_json(spec_json(spec));
  for (const char* word : {"batch", "relu", "image", "\"window\"", "\"kernel\""})
    CHECK(text.find(word) == std::string::npos);
  ModelSpec other = spec;
  other.image.height = 192;
  std::get<layers::FfnLayer>(other.stages[0].layers[1]).activation = graph::Activation::kGelu;
  const std::string changed = core::canonical_json(spec_json(other));
  CHECK(changed.find("\"image\":{\"height\":192}") != std::string::npos);
  CHECK(changed.find("gelu") != std::string::npos);
  CHECK(model_id(other) != model_id(spec));
}

TEST_CASE("the order of keys and defaults written out do not change the id") {
  const std::string one = R"(
model: 1
image: {channels: 3, height: 32, width: 32}
stem: {convolutions: {widths: [8, 16], norm: batch, activation: relu}}
stages:
  - width: 16
    layers:
      - ffn: {hidden: 32, norm: batch, activation: relu}
      - cascaded_attention: {window: 7, qk: [8, 8], v: 8, kernels: [5, 3], scale: 0.25}
heads: [{norm_linear: {classes: 10}}]
)";
  const std::string two = R"(
heads:
  - norm_linear: {classes: 10}
stages:
  - layers:
      - ffn: {hidden: 3.2e1}
      - cascaded_attention: {scale: 2.5e-1, kernels: [5, 3], v: [8, 8], qk: 8}
    width: 16
stem: {convolutions: {widths: [8, 16]}}
image: {width: 32, height: 32}
model: 1
)";
  CHECK(model_id(spec_from_json_text(one, "one")) == model_id(spec_from_json_text(two, "two")));
}

TEST_CASE("different random models have different ids") {
  RandomModels models(102);
  std::vector<std::pair<std::string, ModelSpec>> seen;
  for (int run = 0; run < 200; ++run) {
    ModelSpec spec = models.next();
    const std::string id = model_id(spec);
    CHECK(id.size() == 32);
    for (const auto& [other_id, other] : seen) REQUIRE((other_id == id) == (other == spec));
    seen.emplace_back(id, std::move(spec));
  }
}

TEST_CASE("--set changes one knob and is the same as writing it") {
  const NamedModel set = resolve_model("efficientvit_m0", {"qk_dim=[8, 16, 16]", "mixer=full"});
  const ModelSpec written = expand_knobs(
      core::Json{{"template", "efficientvit"}, {"qk_dim", {8, 16, 16}}, {"mixer", "full"}}, "test");
  CHECK(set.spec == written);
  CHECK(set.knobs.at("mixer") == "full");
  CHECK(resolve_model("efficientvit_m5",
                      {"widths=[64, 128, 192]", "depths=[1,2,3]", "heads=4", "kernels=5"})
            .spec == resolve_model("efficientvit_m0").spec);
}

TEST_CASE("a share without attention and FFN layers is 0") {
  ModelSpec spec = resolve_model("efficientvit_m0").spec;
  for (Stage& stage : spec.stages) stage.layers.clear();
  CHECK(mhsa_share(spec) == 0);
  CHECK_NOTHROW(build_graph(spec));
}

}  // namespace
}  // namespace vitlab::architecture
