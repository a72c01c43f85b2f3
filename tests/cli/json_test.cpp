#include <fstream>

#include "architecture/presets.h"
#include "test.hpp"
#include "vitlab_program.h"

namespace vitlab::cli {
namespace {

std::vector<std::string> keys_of(const core::Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

using Keys = std::vector<std::string>;

const Keys kCostKeys{"model",
                     "id",
                     "image_size",
                     "batch",
                     "dtype",
                     "params",
                     "macs",
                     "flops",
                     "bytes_moved",
                     "activations",
                     "peak_activation_bytes",
                     "mhsa_share"};
const Keys kLayerKeys{"layer", "kind",        "params",      "macs",
                      "flops", "bytes_moved", "activations", "peak_activation_bytes"};

Keys with(Keys keys, const Keys& more) {
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

void check_head(const core::Json& document, const std::string& command) {
  CHECK(document.at("schema") == 1);
  CHECK(document.at("command") == command);
}

TEST_CASE("cost --json has the promised keys, and its layers add up") {
  const core::Json document = document_of({"cost", "efficientvit_m0", "deit_tiny"});
  check_head(document, "cost");
  CHECK(keys_of(document) == Keys{"schema", "command", "models"});
  REQUIRE(document.at("models").size() == 2);
  for (const core::Json& model : document.at("models")) {
    CHECK(keys_of(model) == with(kCostKeys, {"layers"}));
    std::int64_t macs = 0, params = 0;
    for (const core::Json& layer : model.at("layers")) {
      CHECK(keys_of(layer) == kLayerKeys);
      macs += layer.at("macs").get<std::int64_t>();
      params += layer.at("params").get<std::int64_t>();
    }
    CHECK(macs == model.at("macs"));
    CHECK(params == model.at("params"));
  }
  CHECK(document.at("models")[0].at("params") == 2'349'436);
  CHECK(document.at("models")[0].at("macs") == 79'193'600);
  CHECK(document.at("models")[0].at("batch") == 1);
  CHECK(document.at("models")[0].at("dtype") == "float32");
}

TEST_CASE("batch scales what moves, dtype scales bytes, neither scales parameters") {
  const auto cost = [](const std::vector<std::string>& more) {
    std::vector<std::string> words{"cost", "efficientvit_m0"};
    words.insert(words.end(), more.begin(), more.end());
    return document_of(words).at("models")[0];
  };
  const core::Json one = cost({}), eight = cost({"--batch", "8"}),
                   half = cost({"--dtype", "bfloat16"});
  CHECK(eight.at("params") == one.at("params"));
  CHECK(eight.at("macs") == 8 * one.at("macs").get<std::int64_t>());
  CHECK(half.at("macs") == one.at("macs"));
  CHECK(2 * half.at("bytes_moved").get<std::int64_t>() == one.at("bytes_moved"));
}

TEST_CASE("models with experts tell the parameters that work on one token, giants too") {
  const core::Json document = document_of({"cost", "vmoe_15b"});
  const core::Json& model = document.at("models")[0];
  CHECK(model.at("params") > 14'000'000'000);
  CHECK(model.at("params_active") < 2'000'000'000);
  std::int64_t active = 0;
  for (const core::Json& layer : model.at("layers"))
    active += layer.value("params_active", layer.at("params").get<std::int64_t>());
  CHECK(active == model.at("params_active"));
}

TEST_CASE("models --json lists every preset and every template with its knobs") {
  const core::Json document = document_of({"models"});
  check_head(document, "models");
  CHECK(keys_of(document) == Keys{"schema", "command", "models", "templates"});
  Keys names;
  for (const core::Json& row : document.at("models")) {
    const bool has_experts = row.at("model").get<std::string>().starts_with("vmoe_");
    Keys keys{"model", "template", "id", "image_size", "params"};
    if (has_experts) keys.emplace_back("params_active");
    CHECK(keys_of(row) == with(keys, {"macs", "mhsa_share"}));
    names.push_back(row.at("model"));
  }
  CHECK(names == architecture::preset_names());
  for (const core::Json& row : document.at("templates")) {
    CHECK(keys_of(row) == Keys{"template", "summary", "knobs"});
    REQUIRE_FALSE(row.at("knobs").empty());
    for (const core::Json& knob : row.at("knobs"))
      CHECK(keys_of(knob) == Keys{"knob", "default", "meaning"});
  }
}

TEST_CASE("show --json is the cost, the knobs and the spec") {
  const core::Json document = document_of({"show", "deit_tiny", "--set", "depth=3"});
  check_head(document, "show");
  CHECK(keys_of(document) ==
        with(with({"schema", "command"}, kCostKeys), {"layers", "knobs", "spec"}));
  CHECK(document.at("knobs").at("depth") == 3);
  CHECK(document.at("knobs").at("template") == "vit");
}

TEST_CASE("diff --json holds both costs and what differs") {
  const core::Json document = document_of({"diff", "efficientvit_m0", "efficientvit_m1"});
  check_head(document, "diff");
  CHECK(keys_of(document) == Keys{"schema", "command", "a", "b", "same", "metrics", "layers"});
  CHECK(keys_of(document.at("a")) == kCostKeys);
  CHECK(document.at("same") == false);
  CHECK_FALSE(document.at("layers").empty());
  for (const core::Json& row : document.at("metrics"))
    CHECK(keys_of(row) == Keys{"metric", "a", "b", "ratio"});
  for (const core::Json& row : document.at("layers")) CHECK(keys_of(row) == Keys{"path", "a", "b"});
  const core::Json none = document_of({"diff", "efficientvit_m0", "efficientvit_m0"});
  CHECK(none.at("same") == true);
  CHECK(none.at("layers").empty());
}

TEST_CASE("plan --json has the promised keys, and rejects with reasons") {
  const TemporaryFolder folder;
  std::ofstream(folder / "sweep.yaml")
      << "sweep: tiny\nbase: {template: efficientvit, image_size: 32, stem_stride: 4, classes: "
         "10}\n"
         "data: digits\naxes: [{grid: {ffn_per_side: [1, 2], heads: [4, 5]}}]\nseeds: [0, 1]\n"
         "stages: [cost, train]\n";
  const core::Json document = document_of({"plan", "sweep.yaml"}, folder.path());
  check_head(document, "plan");
  CHECK(keys_of(document) == Keys{"schema", "command", "sweep", "data", "recipe", "points",
                                  "models", "reference", "trials", "rejected", "stages"});
  CHECK(document.at("points") == 4);
  REQUIRE(document.at("trials").size() == 4);
  REQUIRE(document.at("rejected").size() == 2);  // 5 heads divide no width
  CHECK(document.at("stages").size() == 2 + 4);
  for (const core::Json& row : document.at("trials"))
    CHECK(keys_of(row) == Keys{"id", "model", "seed", "knobs", "params", "macs", "mhsa_share",
                               "budget_metric", "budget", "residual"});
  for (const core::Json& row : document.at("rejected")) {
    CHECK(keys_of(row) == Keys{"point", "reason"});
    CHECK(row.at("point").at("heads") == 5);
    CHECK_THAT(row.at("reason").get<std::string>(), Catch::Contains("5"));
  }
  for (const core::Json& row : document.at("stages")) {
    CHECK(keys_of(row) == Keys{"id", "kind", "model", "state"});
    CHECK(row.at("state") == "planned");
  }
}

TEST_CASE("doctor --json says what this machine has and how to get what it lacks") {
  const Ran ran = vitlab({"doctor", "--json"});
  const core::Json document = core::parse_json(ran.out, "stdout");
  check_head(document, "doctor");
  const bool has_engine = document.at("engine_problem").is_null();
  CHECK(ran.code == (has_engine ? 0 : 5));
  if (has_engine)
    CHECK(keys_of(document) == Keys{"schema", "command", "engine_problem", "environment",
                                    "threads_default", "cuda", "findings"});
  for (const core::Json& row : document.at("findings"))
    CHECK(keys_of(row) == Keys{"what", "found", "remedy"});
}

TEST_CASE("show --explicit prints YAML that reads back to the same id, for every preset") {
  const TemporaryFolder folder;
  for (const std::string& name : architecture::preset_names()) {
    INFO(name);
    const Ran shown = vitlab({"show", name, "--explicit"});
    REQUIRE(shown.code == 0);
    std::ofstream(folder / "model.yaml") << shown.out;
    const core::Json there = document_of({"show", "model.yaml"}, folder.path());
    CHECK(there.at("id") == document_of({"show", name}).at("id"));
    CHECK(vitlab({"show", "model.yaml", "--explicit"}, folder.path()).out == shown.out);
  }
}

}  // namespace
}  // namespace vitlab::cli
