#include <csignal>
#include <thread>

#include "lab.h"

namespace vitlab {
namespace {

namespace fs = std::filesystem;

/// A model that every format can express, small enough to train in a test.
constexpr const char* kModel =
    "template: efficientvit\nimage_size: 32\nclasses: 4\nwidths: [16, 24]\ndepths: [1, 1]\n"
    "heads: 2\nqk_dim: 4\nkernels: [3, 3]\nwindow: 4\n";

struct TrainedLab {
  TrainedLab() {
    lab.write("timm_model.yaml", kModel);
    trained =
        lab.document({"train", "timm_model.yaml", "--data", "synthetic:classes=4,size=32,count=160",
                      "--recipe", "recipe.yaml", "--out", "trained"});
  }
  Lab lab;
  core::Json trained;
};

std::size_t count_below(const fs::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    count += entry.is_regular_file() ? 1 : 0;
  return count;
}

std::vector<std::string> export_words(const std::string& model,
                                      const std::vector<std::string>& more) {
  std::vector<std::string> words{"export", model, "--out", "out"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST_CASE("a trained folder is exported in every format, with its accuracy on the card") {
  const TrainedLab made;
  const Lab& lab = made.lab;
  const core::Json result = lab.document(
      export_words("trained", {"--format", "timm,onnx,torchscript,yaml,safetensors", "--census"}));
  CHECK(result.at("census")[0].contains("bytes"));
  CHECK(result.at("schema") == 1);
  CHECK(result.at("command") == "export");
  CHECK(result.at("weights") == "trained/model.safetensors");
  REQUIRE(result.at("formats").size() == 5);
  for (const core::Json& row : result.at("formats"))
    CHECK(row.at("max_rel_difference").get<double>() <= 1e-4);
  CHECK(result.at("deploy").at("max_rel_difference").get<double>() <= 1e-4);
  for (const core::Json& file : result.at("files"))
    CHECK(fs::is_regular_file(lab / "out" / file.get<std::string>()));
  CHECK(count_below(lab / "out") == result.at("files").size());
  const std::string card = text_of(lab / "out/README.md");
  CHECK_THAT(card, Catch::Contains("synthetic") && Catch::Contains("95 % interval") &&
                       Catch::Contains("vitlab export trained --out out --format"));
  // The folder is a model for vitlab, with the weights that were exported.
  CHECK(lab.document({"cost", "out"}).at("models")[0].at("id") == result.at("id"));
  CHECK(lab.document({"export", "out", "--out", "again"}).at("weights") == "out/model.safetensors");
  CHECK(text_of(lab / "again/model.safetensors") == text_of(lab / "trained/model.safetensors"));
  CHECK(run_program({"/usr/bin/sha256sum", "--check", "--quiet", "SHA256SUMS"}, lab / "out").code ==
        0);
}

TEST_CASE("an export that cannot be is refused before anything is written") {
  const Lab lab;
  lab.write("timm_model.yaml", kModel);
  lab.write("other.yaml", std::string(kModel) + "ffn_ratio: 3\n");
  lab.document({"export", "timm_model.yaml", "--out", "source"});
  const std::string whole = text_of(lab / "source/model.safetensors");
  lab.write("short.safetensors", whole.substr(0, whole.size() / 2));
  const auto refused = [&](const std::string& model, const std::vector<std::string>& more,
                           const std::vector<std::string>& said) {
    const Ran ran = lab.run(export_words(model, more));
    INFO(ran.err);
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    for (const std::string& words : said) CHECK_THAT(ran.err, Catch::Contains(words));
    CHECK_FALSE(fs::exists(lab / "out"));
  };
  const std::string weights = "source/model.safetensors";
  refused("timm_model.yaml", {"--weights", weights, "--layout", "timm"},
          {"layout vitlab fits this file, not timm"});
  refused("other.yaml", {"--weights", weights}, {"shape"});
  refused("timm_model.yaml", {"--weights", "short.safetensors"}, {"short.safetensors"});
  refused("model.yaml", {"--format", "onnx,timm"}, {"--format timm", "stem"});
  refused("other.yaml", {"--format", "timm"}, {"stages.0.layers.1", "hidden"});
  refused("timm_model.yaml", {"--format", "tim"}, {"'tim' is not an export format", "'timm'"});
  refused("timm_model.yaml", {"--format", "onnx", "--opset", "9"}, {"--opset 9"});
  refused("timm_model.yaml", {"--format", "onnx", "--form", "folded"}, {"--form folded"});
  refused("timm_model.yaml", {"--format", "timm", "--census"}, {"--census", "add onnx"});
  refused("timm_model.yaml", {"--format", "timm", "--dtype", "bfloat16"}, {"float32"});
  std::size_t entries = 0;
  for (const auto& entry : fs::directory_iterator(lab.path()))
    entries += entry.path().filename().string().starts_with(".tmp") ? 1 : 0;
  CHECK(entries == 0);
}

TEST_CASE("Ctrl-C leaves nothing of an export, or all of it") {
  const Lab lab;
  int stopped = 0;
  for (int delay_ms = 100; delay_ms < 3000 && stopped < 2; delay_ms *= 2) {
    RunningProgram program(
        lab.command(export_words("efficientvit_m4", {"--format", "timm,onnx,torchscript"})),
        lab.path(), lab.environment());
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
    program.send(SIGINT);
    const Ran ran = program.finish();
    INFO(delay_ms << " ms: " << ran.code << ' ' << ran.err);
    if (ran.code == 0) {
      CHECK(fs::exists(lab / "out/SHA256SUMS"));
      break;
    }
    CHECK(ran.code == 130);
    CHECK_FALSE(fs::exists(lab / "out"));
    for (const auto& entry : fs::directory_iterator(lab.path()))
      CHECK_FALSE(entry.path().filename().string().starts_with(".tmp"));
    ++stopped;
  }
  CHECK(stopped > 0);
}

}  // namespace
}  // namespace vitlab
