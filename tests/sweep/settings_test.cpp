#include "core/embedded.h"
#include "core/error.h"
#include "core/files.h"
#include "sweep/named_config.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::sweep {
namespace {

Recipe recipe_of(const std::string& yaml) {
  core::ConfigDocument document = core::parse_document("r.yaml", yaml);
  core::ConfigReader reader(document.root, document.problems);
  const Recipe recipe = read_recipe(reader);
  document.problems.throw_if_any();
  return recipe;
}

TEST_CASE("settings that equal their defaults are left out of what is hashed", "[sweep]") {
  CHECK(recipe_json({}).dump() == "{}");
  CHECK(protocol_json({}).dump() == "{}");
  CHECK(prune_settings_json({}).dump() == "{}");
  CHECK(similarity_settings_json({}).dump() == "{}");
}

TEST_CASE("settings written as JSON read back equal", "[sweep]") {
  Recipe recipe;
  recipe.epochs = 3;
  recipe.warmup_epochs = 0.5;
  recipe.horizontal_flip = false;
  CHECK(recipe_from_json(recipe_json(recipe), "t") == recipe);
  Protocol protocol;
  protocol.device = "cuda:1";
  protocol.deploy = false;
  protocol.timed_seconds = 0.25;
  CHECK(protocol_from_json(protocol_json(protocol), "t") == protocol);
  PruneSettings prune;
  prune.keep = {{"params", 0.5}, {"macs", 0.25}};
  prune.axes = {"embedding", "hidden"};
  prune.criterion = Criterion::kMagnitude;
  CHECK(prune_settings_from_json(prune_settings_json(prune), "t") == prune);
  SimilaritySettings similarity;
  similarity.images = 7;
  similarity.batch = 8;
  similarity.seed = 9;
  similarity.metrics = {"head_cosine", "entropy"};
  similarity.control = 2;
  similarity.ablate = true;
  CHECK(similarity_settings_from_json(similarity_settings_json(similarity), "t") == similarity);
}

TEST_CASE("defaults, once published, stay", "[sweep]") {
  const Recipe recipe = recipe_of(
      "{epochs: 20, batch_size: 64, learning_rate: 0.002, min_learning_rate: 1e-5, warmup_epochs: "
      "2, weight_decay: 0.025, label_smoothing: 0.1, mixup: 0, clip_norm: 0, crop_padding: 0, "
      "horizontal_flip: true, random_erasing: 0, threads: 1}");
  CHECK(recipe == Recipe{});
  const core::Json protocol = core::Json::parse(R"({"device": "cpu", "threads": 1, "batch": 16,
      "dtype": "float32", "deploy": true, "warmup_seconds": 1, "timed_seconds": 3, "rounds": 3,
      "min_samples": 5})");
  CHECK(protocol_from_json(protocol, "t") == Protocol{});
  const core::Json prune =
      core::Json::parse(R"({"keep": {"macs": 0.7}, "axes": ["v", "qk", "hidden"],
      "criterion": "gate_taylor", "batches": 20, "batch_size": 64, "steps": 5, "multiple_of": 1,
      "floor_qk": 4, "floor_v": 4, "floor_hidden": 8, "finetune_epochs": 0})");
  CHECK(prune_settings_from_json(prune, "t") == PruneSettings{});
}

TEST_CASE("all problems of a recipe come at once, with places", "[sweep]") {
  CHECK_THROWS_WITH(recipe_of("epochs: many\nlearning_rat: 1\n"),
                    Catch::Contains("r.yaml:1:9: epochs must be a whole number") &&
                        Catch::Contains("r.yaml:2:1: learning_rat is not a setting; did you mean "
                                        "'learning_rate'?"));
  CHECK_THROWS_WITH(recipe_of("{epochs: 0, warmup_epochs: 3, learning_rate: 0}"),
                    Catch::Contains("epochs must lie in 1..") &&
                        Catch::Contains("warmup_epochs must lie between 0 and epochs") &&
                        Catch::Contains("learning_rate must be above 0"));
}

TEST_CASE("settings out of range are refused", "[sweep]") {
  const auto prune = [](const char* json) {
    return prune_settings_from_json(core::Json::parse(json), "p");
  };
  CHECK_THROWS_WITH(prune(R"({"keep": {"mac": 0.5}})"), Catch::Contains("did you mean 'macs'"));
  CHECK_THROWS_WITH(prune(R"({"keep": {"macs": 1.5}})"), Catch::Contains("at most 1"));
  CHECK_THROWS_WITH(prune(R"({"keep": {}})"), Catch::Contains("must name a metric"));
  CHECK_THROWS_WITH(prune(R"({"axes": ["hiden"]})"), Catch::Contains("did you mean 'hidden'"));
  CHECK_THROWS_WITH(prune(R"({"criterion": "taylor"})"), Catch::Contains("must be one of"));
  CHECK_THROWS_WITH(protocol_from_json(core::Json{{"device", "cuda:x"}}, "p"),
                    Catch::Contains("must be cpu, cuda or cuda:N"));
  CHECK_THROWS_WITH(protocol_from_json(core::Json{{"dtype", "float64"}}, "p"),
                    Catch::Contains("must be one of"));
  CHECK_THROWS_AS(protocol_from_json(core::Json{{"batch", 0}}, "p"), core::UserError);
}

TEST_CASE("every embedded recipe and protocol reads", "[sweep]") {
  CHECK(core::embedded_names("configs/train/").size() >= 2);
  CHECK(core::embedded_names("configs/measure/").size() >= 3);
  for (const auto name : core::embedded_names("configs/train/")) load_recipe(std::string(name));
  for (const auto name : core::embedded_names("configs/measure/"))
    load_protocols(std::string(name));
  CHECK(load_recipe("configs/train/short.yaml") == Recipe{});
  const Protocol paper = load_protocol("configs/measure/cpu_1thread_bs16.yaml");
  CHECK(paper.threads == 1);
  CHECK(paper.batch == 16);
  CHECK(paper.warmup_seconds == 10);
  CHECK(paper.timed_seconds == 60);
  CHECK(paper.deploy);
}

std::vector<Protocol> protocols_of(const std::string& yaml) {
  core::ConfigDocument document = core::parse_document("m.yaml", yaml);
  core::ConfigReader reader(document.root, document.problems);
  std::vector<Protocol> protocols = read_protocols(reader);
  document.problems.throw_if_any();
  return protocols;
}

TEST_CASE("lists in a protocol make one protocol a combination", "[sweep]") {
  const std::vector<Protocol> all = protocols_of(
      "{batch: [4, 8], threads: [1, 2, 1], runtime: [libtorch, torchscript], rounds: 5}");
  REQUIRE(all.size() == 2 * 2 * 2);
  std::size_t i = 0;
  for (const Runtime runtime : {Runtime::kLibtorch, Runtime::kTorchscript})
    for (const graph::Index threads : {1, 2})
      for (const graph::Index batch : {4, 8}) {
        Protocol one;
        one.batch = batch;
        one.threads = threads;
        one.runtime = runtime;
        one.rounds = 5;
        CHECK(all[i++] == one);
      }
  std::vector<graph::Index> batches;
  for (const Protocol& one : load_protocols("configs/measure/batch_sweep.yaml"))
    batches.push_back(one.batch);
  CHECK(batches == std::vector<graph::Index>{1, 2, 4, 8, 16, 32, 64, 128, 256});
  CHECK(protocols_of("{batch: {powers_of_two_up_to: 6}}").size() == 3);
  CHECK(protocols_of("{deploy: [true, false], dtype: [float32, bfloat16]}").size() == 4);
  CHECK(protocols_of("{}") == std::vector<Protocol>{Protocol{}});
  CHECK(protocol_from_json({{"batch", {4}}}, "t").batch == 4);
}

TEST_CASE("a runtime is part of a protocol's identity, the own one left out", "[sweep]") {
  Protocol protocol;
  CHECK(runtime_label(protocol) == "vitlab");
  protocol.deploy = false;
  CHECK(runtime_label(protocol) == "vitlab-eager");
  CHECK_FALSE(protocol_json(protocol).contains("runtime"));
  protocol.runtime = Runtime::kOnnxruntime;
  CHECK(runtime_label(protocol) == "onnxruntime-eager");
  CHECK(protocol_json(protocol).at("runtime") == "onnxruntime");
}

TEST_CASE("problems of lists in a protocol come with their places", "[sweep]") {
  CHECK_THROWS_WITH(protocols_of("threads: []\n"),
                    Catch::Contains("m.yaml:1:10: threads must hold at least one value"));
  CHECK_THROWS_WITH(
      protocols_of("batch: [4, x, 0]\nruntime: [libtorch, onnxrutime]\n"
                   "deploy: [true, maybe]\nround: 3\n"),
      Catch::Contains("m.yaml:1:12: batch must be a whole number, got 'x'") &&
          Catch::Contains("m.yaml:1:15: batch must lie in 1..1e+06, got 0") &&
          Catch::Contains("m.yaml:2:21: runtime must be one of libtorch, onnxruntime, "
                          "torchscript, pt2, got 'onnxrutime'; did you mean 'onnxruntime'?") &&
          Catch::Contains("m.yaml:3:16: deploy must be true or false") &&
          Catch::Contains("m.yaml:4:1: round is not a setting; did you mean 'rounds'?"));
  CHECK_THROWS_WITH(protocols_of("batch: {up_to: 4}\n"),
                    Catch::Contains("batch.powers_of_two_up_to is missing") &&
                        Catch::Contains("batch.up_to is not a setting"));
  CHECK_THROWS_WITH(protocols_of("{runtime: onnxruntime, dtype: bfloat16}"),
                    Catch::Contains("m.yaml:1:11: runtime onnxruntime is measured in float32"));
  CHECK_THROWS_WITH(protocols_of("{runtime: onnxruntime, device: cuda}"),
                    Catch::Contains("runtime onnxruntime is measured on the cpu"));
  CHECK_THROWS_WITH(protocol_from_json(core::Json{{"batch", {4, 8}}}, "p"),
                    Catch::Contains("batch makes several protocols; one is needed here"));
}

/// Works in `folder` until the end of the scope.
class WorkingFolder {
 public:
  explicit WorkingFolder(const std::filesystem::path& folder)
      : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(folder);
  }
  ~WorkingFolder() { std::filesystem::current_path(before_); }
  WorkingFolder(const WorkingFolder&) = delete;
  WorkingFolder& operator=(const WorkingFolder&) = delete;

 private:
  std::filesystem::path before_;
};

TEST_CASE("a named file is found above the file that names it before the embedded one", "[sweep]") {
  const TemporaryFolder folder;
  const auto inner = folder / "a" / "b";
  std::filesystem::create_directories(inner);
  // The working folder is looked at first: it must hold no configs of its own here.
  const WorkingFolder elsewhere(inner);
  CHECK(load_recipe("configs/train/quick.yaml", inner).epochs < 20);
  core::write_file_atomically(folder / "configs" / "train" / "quick.yaml", "epochs: 77\n");
  CHECK(load_recipe("configs/train/quick.yaml", inner).epochs == 77);
  CHECK_THROWS_WITH(load_recipe("configs/train/quik.yaml", inner),
                    Catch::Contains("did you mean 'configs/train/quick.yaml'?"));
}

}  // namespace
}  // namespace vitlab::sweep
