#include <chrono>
#include <cmath>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/random.h"
#include "lab.h"
#include "model/weight_files.h"
#include "store/device_lock.h"
#include "tolerance.h"

namespace vitlab {
namespace {

at::Tensor images(graph::Index count) {
  core::Random random(3);
  at::Tensor tensor = at::empty({count, 3, 16, 16});
  float* data = tensor.mutable_data_ptr<float>();
  for (graph::Index i = 0; i < tensor.numel(); ++i) data[i] = static_cast<float>(random.normal());
  return tensor;
}

/// What `forward` makes of images.
at::Tensor forward(const Lab& lab, const std::string& model, const at::Tensor& input,
                   const std::vector<std::string>& more = {}) {
  model::write_tensors(lab / "x.safetensors", {{"input", input}});
  std::vector<std::string> words{"forward",       model,      "--input",
                                 "x.safetensors", "--output", "y.safetensors"};
  words.insert(words.end(), more.begin(), more.end());
  const Ran ran = lab.run(words);
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  return model::read_tensors(lab / "y.safetensors").at("logits", "y").clone();
}

/// What rounding may do to logits of about 1: a hundred sums of up to fifty products stand behind
/// one.
const double kGap = rounding(100 * 50);

double gap(const at::Tensor& a, const at::Tensor& b) {
  REQUIRE(a.sizes() == b.sizes());
  return (a - b).abs().max().item<double>();
}

std::vector<std::string> keys_of(const core::Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

TEST_CASE("eight images at once give what each gives alone, folded or not") {
  const Lab lab;
  const at::Tensor all = images(8);
  const at::Tensor together = forward(lab, "model.yaml", all);
  CHECK(together.sizes() == at::IntArrayRef({8, 4}));
  CHECK(together.std().item<double>() > 0);
  for (const graph::Index i : {0, 5})
    CHECK(gap(forward(lab, "model.yaml", all.narrow(0, i, 1)), together.narrow(0, i, 1)) < kGap);
  CHECK(gap(forward(lab, "model.yaml", all, {"--deploy"}), together) < kGap);
  CHECK(gap(forward(lab, "model.yaml", all, {"--dtype", "float64"}).to(at::kFloat), together) <
        kGap);
  CHECK(gap(forward(lab, "model.yaml", all, {"--seed", "1"}), together) > 1e-3);
}

TEST_CASE("taps are attention maps whose rows sum to 1") {
  const Lab lab;
  forward(lab, "model.yaml", images(2), {"--taps"});
  const model::TensorFile file = model::read_tensors(lab / "y.safetensors");
  int maps = 0;
  for (const model::NamedTensor& named : file.tensors) {
    if (!named.name.ends_with(".attention")) continue;
    ++maps;
    CHECK(named.tensor.dim() == 4);
    CHECK(named.tensor.size(1) == 2);
    CHECK((named.tensor.sum(-1) - 1).abs().max().item<double>() <
          rounding(static_cast<double>(named.tensor.size(-1))));
  }
  CHECK(maps == 2);
}

TEST_CASE("images that a model cannot read are refused with what it wants") {
  const Lab lab;
  const auto refusal = [&](const std::string& name, const at::Tensor& tensor) {
    model::write_tensors(lab / "x.safetensors", {{name, tensor}});
    const Ran ran =
        lab.run({"forward", "model.yaml", "--input", "x.safetensors", "--output", "y.safetensors"});
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    return ran.err;
  };
  CHECK_THAT(refusal("inputs", images(1)),
             Catch::Contains("x.safetensors") && Catch::Contains("input"));
  CHECK_THAT(refusal("input", at::zeros({1, 1, 16, 16})), Catch::Contains("16"));
  CHECK_THAT(refusal("input", at::zeros({3, 16, 16})), Catch::Contains("16"));
}

TEST_CASE("a trained model is pruned, trained again, exported and gives the same logits") {
  const Lab lab;
  const core::Json trained = lab.document(
      {"train", "model.yaml", "--data", Lab::kData, "--recipe", "recipe.yaml", "--out", "trained"});
  CHECK(trained.at("status") == "done");
  for (const char* file :
       {"spec.yaml", "model.safetensors", "best.safetensors", "metrics.csv", "train.json"})
    CHECK(std::filesystem::exists(lab / "trained" / file));

  const core::Json pruned =
      lab.document({"prune", "trained", "--data", Lab::kData, "--keep", "macs=0.8",
                    "--finetune-epochs", "1", "--recipe", "recipe.yaml", "--out", "pruned"});
  CHECK(pruned.at("command") == "prune");
  CHECK(pruned.at("weights") == "trained/model.safetensors");
  CHECK(pruned.at("estimated") == pruned.at("after"));
  CHECK(pruned.at("after").at("macs").get<double>() <=
        0.8 * pruned.at("before").at("macs").get<double>());
  CHECK(pruned.at("measured").contains("after"));
  for (const core::Json& axis : pruned.at("axes")) {
    CHECK(keys_of(axis) ==
          std::vector<std::string>{"axis", "layer", "kind", "size", "kept", "scores"});
    CHECK(axis.at("scores").size() == axis.at("size").get<std::size_t>());
    CHECK(axis.at("kept").size() <= axis.at("size").get<std::size_t>());
  }
  CHECK(core::parse_json(text_of(lab / "pruned/prune.json"), "prune.json").at("axes") ==
        pruned.at("axes"));
  const core::Json cost = lab.document({"cost", "pruned"}).at("models")[0];
  CHECK(cost.at("macs") == pruned.at("after").at("macs"));
  CHECK(cost.at("id") == pruned.at("id"));

  const core::Json again = lab.document(
      {"train", "pruned", "--data", Lab::kData, "--recipe", "recipe.yaml", "--out", "again"});
  CHECK(lab.document({"cost", "again"}).at("models")[0].at("id") == pruned.at("id"));
  CHECK(again.at("status") == "done");

  const core::Json exported = lab.document({"export", "again", "--out", "exported"});
  CHECK(exported.at("files") ==
        core::Json{"README.md", "model.safetensors", "spec.yaml", "verify.json", "SHA256SUMS"});
  const at::Tensor input = images(3);
  CHECK(gap(forward(lab, "exported", input), forward(lab, "again", input)) == 0);
  CHECK(gap(forward(lab, "exported/spec.yaml", input, {"--weights", "exported/model.safetensors"}),
            forward(lab, "again", input)) == 0);
}

TEST_CASE("a swin is trained, pruned, and read at another image size") {
  const Lab lab;
  for (const std::string version : {"1", "2"}) {
    const std::string model = "swin" + version + ".yaml", wide = "wide" + version + ".yaml";
    const std::string knobs =
        "template: swin\nclasses: 4\npatch: 2\nwidth: 8\ndepths: [2, 1]\n"
        "heads: [2, 4]\nwindow: 12\nversion: " +
        version + "\n";
    lab.write(model, knobs + "image_size: 16\n");
    lab.write(wide, knobs + "image_size: [16, 24]\n");
    const std::string trained = "trained" + version, pruned = "pruned" + version;
    const core::Json report = lab.document(
        {"train", model, "--data", Lab::kData, "--recipe", "recipe.yaml", "--out", trained});
    CHECK(report.at("status") == "done");
    lab.document({"prune", trained, "--data", Lab::kData, "--keep", "macs=0.8", "--finetune-epochs",
                  "0", "--recipe", "recipe.yaml", "--out", pruned});
    CHECK(gap(forward(lab, pruned, images(2), {"--deploy"}), forward(lab, pruned, images(2))) <
          kGap);
    model::write_tensors(lab / "x.safetensors", {{"input", at::ones({1, 3, 16, 24})}});
    const core::Json read =
        lab.document({"forward", wide, "--weights", trained + "/model.safetensors", "--input",
                      "x.safetensors", "--output", "y.safetensors"});
    // SwinV2 makes its biases from offsets: nothing is to be resized.
    CHECK(read.contains("resized") == (version == "1"));
  }
}

TEST_CASE("a command does not write over a folder that is not empty") {
  const Lab lab;
  std::filesystem::create_directory(lab / "full");
  lab.write("full/file", "mine");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"prune", "model.yaml", "--data", Lab::kData, "--out", "full"},
        std::vector<std::string>{"export", "model.yaml", "--out", "full"}}) {
    const Ran ran = lab.run(words);
    CHECK(ran.code == 2);
    CHECK_THAT(ran.err, Catch::Contains("full"));
  }
  CHECK(text_of(lab / "full/file") == "mine");
}

TEST_CASE("similarity --json holds the metrics of every attention layer") {
  const Lab lab;
  const core::Json document =
      lab.document({"similarity", "model.yaml", "--data", Lab::kData, "--images", "8"});
  CHECK(document.at("schema") == 1);
  CHECK(document.at("command") == "similarity");
  CHECK(document.at("images") == 8);
  REQUIRE(document.at("layers").size() == 2);
  for (const core::Json& layer : document.at("layers")) {
    CHECK(layer.at("heads") == 2);
    CHECK(layer.contains("queries"));
    CHECK(layer.contains("keys"));
    for (const char* reduction : {"max_max", "mean_max", "mean_mean"}) {
      const core::Json& metric =
          layer.at("metrics").at("head_cosine." + std::string(reduction) + ".map");
      CHECK(metric.at("low") <= metric.at("value"));
      CHECK(metric.at("value") <= metric.at("high"));
      CHECK(metric.at("value").get<double>() <= 1.0 + 1e-6);
      CHECK(metric.contains("null"));
    }
  }
  model::write_tensors(lab / "x.safetensors", {{"input", images(4)}});
  CHECK(lab.document({"similarity", "model.yaml", "--input", "x.safetensors"}).at("images") == 4);
}

TEST_CASE("similarity --out writes a whole folder or nothing, and --against what differs") {
  const Lab lab;
  const Ran ran = lab.run({"similarity", "model.yaml", "--data", Lab::kData, "--images", "6",
                           "--metrics", "all", "--ablate", "--cross-layer", "--against",
                           "model.yaml", "--out", "heads", "--show", "0,2"});
  INFO(ran.err);
  CHECK(ran.code == 0);
  const core::Json document = core::Json::parse(text_of(lab / "heads/similarity.json"));
  for (const auto& [metric, row] : document.at("comparison").at("summary").items()) {
    INFO(metric);
    CHECK(row.at("difference") == 0);
  }
  for (const core::Json& layer : document.at("layers")) {
    const double importance = layer.at("per_head").at("gate_importance")[0].get<double>();
    CHECK(importance >= 0);
    CHECK(layer.at("pairs").at("map")[0][0].get<double>() == Approx(1));
    CHECK(std::filesystem::exists(
        lab / ("heads/heads_" + layer.at("layer").get<std::string>() + ".svg")));
  }
  for (const core::Json& picture : document.at("pictures"))
    for (const core::Json& layer : picture.at("layers"))
      for (const core::Json& file : layer.at("files"))
        CHECK(std::filesystem::exists(lab / ("heads/" + file.get<std::string>())));
  CHECK(document.at("ablation").at("layers").size() == document.at("layers").size());
  CHECK_THAT(text_of(lab / "heads/index.html"),
             Catch::Contains("<svg") && Catch::Contains("maps/2_"));
  CHECK_THAT(text_of(lab / "heads/similarity.csv"), Catch::StartsWith("layer,head,metric,value"));

  at::Tensor broken = images(3);
  broken[1][0][0][0] = std::nan("");
  model::write_tensors(lab / "nan.safetensors", {{"input", broken}});
  const Ran refused =
      lab.run({"similarity", "model.yaml", "--input", "nan.safetensors", "--out", "none"});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, Catch::Contains("NaN"));
  CHECK_FALSE(std::filesystem::exists(lab / "none"));
}

TEST_CASE("similarity that has nothing to say is refused with the reason, and writes nothing") {
  const Lab lab;
  const auto refused = [&](std::vector<std::string> more, const std::string& reason) {
    std::vector<std::string> words{"similarity", "model.yaml", "--out", "none", "--data"};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = lab.run(words);
    INFO(ran.err);
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    CHECK_THAT(ran.err, Catch::Contains(reason));
    for (const auto& entry : std::filesystem::directory_iterator(lab.path()))
      CHECK(entry.path().filename().string().find("none") == std::string::npos);
  };
  refused({Lab::kData, "--set", "mixer=none"}, "this model has no attention");
  refused({"synthetic:classes=4,size=16,count=160,test=0"}, "this data set has none");

  const Ran trained = lab.run(
      {"train", "model.yaml", "--data", Lab::kData, "--recipe", "recipe.yaml", "--out", "trained"});
  INFO(trained.err);
  REQUIRE(trained.code == 0);
  const model::TensorFile file = model::read_tensors(lab / "trained/model.safetensors");
  std::vector<model::NamedTensor> tensors = file.tensors;
  const std::string broken = tensors[0].name;
  tensors[0].tensor = at::full_like(tensors[0].tensor, std::nan(""));
  model::write_tensors(lab / "broken.safetensors", tensors, file.metadata);
  refused({Lab::kData, "--weights", "broken.safetensors"}, "the weight " + broken + " holds NaN");
}

TEST_CASE("profile --json shares add up to the whole") {
  const Lab lab;
  for (const bool deploy : {false, true}) {
    std::vector<std::string> words{"profile",      "model.yaml", "--protocol",
                                   "measure.yaml", "--threads",  "1"};
    if (deploy) words.emplace_back("--deploy");
    const core::Json document = lab.document(words);
    CHECK(document.at("command") == "profile");
    double shares = 0, categories_ms = 0, ops_ms = 0;
    for (const core::Json& row : document.at("categories")) {
      shares += row.at("share").get<double>();
      categories_ms += row.at("time_ms").get<double>();
    }
    for (const core::Json& row : document.at("ops")) ops_ms += row.at("time_ms").get<double>();
    CHECK(shares == Approx(1));
    CHECK(categories_ms == Approx(ops_ms));
    for (const char* key : {"memory_bound_share", "roofline_memory_bound_share"}) {
      CHECK(document.at(key).get<double>() >= 0);
      CHECK(document.at(key).get<double>() <= 1);
    }
    for (const char* key :
         {"throughput_images_per_s", "latency_ms", "roofline", "overhead", "environment"})
      CHECK(document.contains(key));
    CHECK(document.at("latency_ms").at("p5") <= document.at("latency_ms").at("median"));
    for (const char* key : {"layers", "stages", "kinds"}) {
      double sum = 0;
      for (const core::Json& row : document.at(key)) sum += row.at("time_ms").get<double>();
      CHECK(sum == Approx(ops_ms));
    }
  }
}

TEST_CASE("profile --against tells both models apart and --trace writes a file of spans") {
  const Lab lab;
  const core::Json document =
      lab.document({"profile", "model.yaml", "--set", "depths=[2, 2]", "--protocol", "measure.yaml",
                    "--against", "model.yaml", "--trace", "trace.json"});
  const core::Json& against = document.at("against");
  CHECK(against.at("throughput_ratio").at("low") <= against.at("throughput_ratio").at("high"));
  double difference = 0;
  for (const core::Json& row : against.at("categories"))
    difference += row.at("difference_ms").get<double>();
  CHECK(difference == Approx(against.at("difference_ms").get<double>()));
  CHECK_FALSE(against.at("unmatched").empty());  // the layers that only the deeper one has
  CHECK(core::parse_json(text_of(lab / "trace.json"), "trace").at("traceEvents").size() >
        document.at("ops").size());
  const Ran ran = lab.run({"profile", "model.yaml", "--protocol", "measure.yaml", "--against",
                           "model.yaml", "--top", "3"});
  CHECK(ran.code == 0);
  CHECK_THAT(ran.out, Catch::Contains("kind of layer") && Catch::Contains("node in both"));
}

/// Runs a command while somebody else holds the CPU, who leaves once it waits for it.
Ran run_beside(const Lab& lab, store::DeviceLock::Use held, const std::vector<std::string>& words) {
  const std::filesystem::path folder = lab / "locks/vitlab/locks";
  std::filesystem::create_directories(folder);
  for (const auto& part : {folder, folder.parent_path()})
    std::filesystem::permissions(part, std::filesystem::perms::owner_all);
  std::optional<store::DeviceLock> others(std::in_place, "cpu", held, store::DeviceLock::OnWait{},
                                          folder);
  RunningProgram program(lab.command(words), lab.path(), lab.environment());
  // Who waits stands in the turnstile: alone for timed work, with others for untimed work. The
  // probe must not be what is waited for.
  const int probe = held == store::DeviceLock::Use::kShared ? LOCK_SH : LOCK_EX;
  const std::filesystem::path turnstile = folder / "cpu.turn";
  const int file = ::open(turnstile.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(file >= 0);
  while (program.is_running() && ::flock(file, probe | LOCK_NB) == 0) {
    ::flock(file, LOCK_UN);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ::close(file);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // from the turnstile to the lock
  others.reset();
  return program.finish();
}

TEST_CASE("who times a model waits for those who train, who trains waits for those who time") {
  const Lab lab;
  const auto waited = [](const Ran& ran) {
    INFO(ran.err);
    CHECK(ran.code == 0);
    return ran.err.find("waits for 'cpu', ") != std::string::npos;
  };
  CHECK(waited(run_beside(lab, store::DeviceLock::Use::kShared,
                          {"profile", "model.yaml", "--protocol", "measure.yaml"})));
  CHECK(waited(run_beside(lab, store::DeviceLock::Use::kShared,
                          {"measure", "model.yaml", "--protocol", "measure.yaml"})));
  CHECK(waited(run_beside(lab, store::DeviceLock::Use::kExclusive,
                          {"train", "model.yaml", "--data", Lab::kData, "--recipe", "recipe.yaml",
                           "--out", "trained"})));
  CHECK_FALSE(waited(run_beside(lab, store::DeviceLock::Use::kShared,
                                {"train", "model.yaml", "--data", Lab::kData, "--recipe",
                                 "recipe.yaml", "--out", "beside"})));
}

}  // namespace
}  // namespace vitlab
