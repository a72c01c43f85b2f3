#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/files.h"
#include "lab.h"

namespace vitlab {
namespace {

struct Family {
  std::string name;
  std::string knobs;  // YAML
  std::string axes;   // --axis, by commas
};

const std::vector<Family>& families() {
  static const std::vector<Family> all{
      {"efficientvit",
       "template: efficientvit\nimage_size: 16\nclasses: 4\nstem_stride: 4\nwidths: [16, 24]\n"
       "depths: [1, 1]\nheads: 2\nqk_dim: 4\nkernels: [3, 3]\nwindow: 4\n",
       "embedding,hidden,qk"},
      {"vit",
       "template: vit\nimage_size: 16\nclasses: 4\npatch: 4\nwidth: 24\ndepth: 3\nheads: 3\n",
       "embedding,heads,hidden,layers,qk,v"},
      {"swin",
       "template: swin\nimage_size: 16\nclasses: 4\npatch: 2\nwidth: 24\ndepths: [2, 2]\n"
       "heads: [2, 4]\nwindow: 4\n",
       "embedding,heads,hidden,qk,v"},
      {"swinv2",
       "template: swin\nversion: 2\nimage_size: 16\nclasses: 4\npatch: 2\nwidth: 24\n"
       "depths: [2, 2]\nheads: [2, 4]\nwindow: 4\n",
       "heads,hidden,layers,v"},
      {"mobilenet", "template: mobilenet\nimage_size: 16\nclasses: 4\nwidth_scale: 0.1\n",
       "embedding,expansion"},
      {"mobilevit",
       "template: mobilevit\nimage_size: 32\nclasses: 4\nstem_width: 8\nwidths: [8, 12, 16]\n"
       "depths: 1\nattention_widths: [12, 16]\nblocks: [1, 2]\nheads: 2\nfeatures: 32\n",
       "embedding,expansion,hidden,qk"},
      {"vmoe",
       "template: vit\nimage_size: 16\nclasses: 4\npatch: 4\nwidth: 24\ndepth: 4\nheads: 3\n"
       "experts: 3\nexpert_layers: 1\n",
       "embedding,heads,hidden"}};
  return all;
}

void must_run(const Lab& lab, const std::vector<std::string>& words) {
  const Ran ran = lab.run(words);
  INFO(words[0] << ": " << ran.err);
  REQUIRE(ran.code == 0);
}

TEST_CASE("every family is pruned, trained on, exported and profiled by the commands alone") {
  const Lab lab;
  lab.write("one.yaml", "epochs: 1\nbatch_size: 32\nwarmup_epochs: 0\n");
  std::string models;
  for (const Family& family : families()) {
    INFO(family.name);
    lab.write(family.name + ".yaml", family.knobs);
    const std::string size = family.name == "mobilevit" ? "32" : "16";
    const std::string data = "synthetic:classes=4,size=" + size + ",count=96";
    const std::string pruned = family.name + "_pruned", tuned = family.name + "_tuned";
    lab.write("settings.yaml", "axes: [" + family.axes +
                                   "]\nkeep: {macs: 0.8}\nbatches: 1\nbatch_size: 16\nsteps: 2\n"
                                   "floor_qk: 2\nfloor_v: 2\n");
    const core::Json result =
        lab.document({"prune", family.name + ".yaml", "--data", data, "--settings", "settings.yaml",
                      "--protocol", "measure.yaml", "--out", pruned});
    CHECK(result.at("after") == result.at("estimated"));
    CHECK(result.at("after").at("macs").get<double>() <=
          0.8 * result.at("before").at("macs").get<double>());
    must_run(lab, {"train", pruned, "--start", pruned + "/model.safetensors", "--data", data,
                   "--recipe", "one.yaml", "--out", tuned});
    must_run(lab, {"export", tuned, "--format", "onnx", "--out", family.name + "_exported"});
    const core::Json cost = lab.document({"cost", tuned});
    CHECK(cost.at("models")[0].at("macs") == result.at("after").at("macs"));
    models += (models.empty() ? "" : ", ") + tuned;
  }
  // Profiled side by side, since every engine that profiles measures the machine's roofs first.
  lab.write("profiles.yaml", "sweep: profiles\naxes: [{grid: {model: [" + models +
                                 "]}}]\nstages: [{measure: measure.yaml}]\n");
  must_run(lab, {"sweep", "profiles.yaml", "--out", "profiles"});
  const std::vector<store::StageRecord> profiles =
      records_of_kind(store::Store::open(lab / "profiles"), "measure");
  CHECK(profiles.size() == families().size());
  for (const store::StageRecord& record : profiles) {
    CHECK(record.state == store::StageState::kDone);
    CHECK(record.details.at("profile").at("throughput_images_per_s").at("median").get<double>() >
          0);
  }
}

TEST_CASE("a budget in latency holds by the table that was measured, and the answer is measured") {
  const Lab lab;
  lab.write("vit.yaml", families()[1].knobs);
  const core::Json result =
      lab.document({"prune", "vit.yaml", "--data", Lab::kData, "--keep", "latency=0.8", "--cost",
                    "latency", "--axis", "hidden", "--axis", "layers", "--steps", "1", "--protocol",
                    "measure.yaml", "--measure", "--out", "pruned"});
  const core::Json& latency = result.at("latency");
  CHECK(latency.at("estimated_after_ms").get<double>() <=
        0.8 * latency.at("estimated_before_ms").get<double>());
  CHECK(latency.at("layers").size() == 4);  // stem, attention, FFN and head
  CHECK(result.at("measured").at("rounded").size() == 2);
  CHECK(result.at("measured").at("notes").is_array());
  CHECK(result.at("layers").size() == 6);
}

TEST_CASE("a prune that cannot be leaves nothing behind and names what binds") {
  const Lab lab;
  lab.write("settings.yaml", "batches: 1\nbatch_size: 16\n");
  const auto refused = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"prune", "model.yaml", "--settings", "settings.yaml", "--data",
                                 Lab::kData, "--out", "nothing"});
    const Ran ran = lab.run(words);
    CHECK(ran.code == 2);
    CHECK_FALSE(std::filesystem::exists(lab / "nothing"));
    return ran.err;
  };
  CHECK_THAT(refused({"--keep", "macs=0.01"}), Catch::Contains("keep macs=0.01 is "));
  CHECK_THAT(refused({"--axis", "heads"}), Catch::Contains("held by cascaded_attention"));
  CHECK_THAT(refused({"--axis", "squeese"}), Catch::Contains("did you mean 'squeeze'?"));
  CHECK_THAT(refused({"--criterion", "ablations"}), Catch::Contains("did you mean 'ablation'?"));
  CHECK_THAT(refused({"--keep", "latancy=0.5"}), Catch::Contains("did you mean 'latency'?"));
}

TEST_CASE("a model without attention, no images and weights that are NaN are refused by name") {
  const Lab lab;
  lab.write("conv.yaml", families()[4].knobs);
  lab.write("settings.yaml", "batches: 1\nbatch_size: 16\n");
  const auto refused = [&](const std::string& model, const std::string& data,
                           std::vector<std::string> words) {
    words.insert(words.begin(), {"prune", model, "--settings", "settings.yaml", "--data", data,
                                 "--out", "nothing"});
    const Ran ran = lab.run(words);
    CHECK(ran.code == 2);
    CHECK_FALSE(std::filesystem::exists(lab / "nothing"));
    return ran.err;
  };
  CHECK_THAT(refused("conv.yaml", Lab::kData, {"--axis", "qk", "--axis", "heads"}),
             Catch::Contains("qk: the model has none") &&
                 Catch::Contains("it can be pruned along: embedding, expansion"));
  std::filesystem::create_directory(lab / "empty");
  CHECK_THAT(refused("model.yaml", "folder:empty", {}), Catch::Contains("empty"));
  must_run(lab, {"prune", "model.yaml", "--settings", "settings.yaml", "--data", Lab::kData,
                 "--protocol", "measure.yaml", "--keep", "macs=0.95", "--out", "broken"});
  // The last numbers of the file, wherever they belong, become NaN.
  std::fstream file(lab / "broken" / "model.safetensors",
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-8, std::ios::end);
  file.write("\xff\xff\xff\xff\xff\xff\xff\xff", 8);
  file.close();
  CHECK_THAT(refused("broken", Lab::kData, {}), Catch::Contains("NaN"));
}

TEST_CASE("a sweep prunes, prunes at random as the control, and times what pruning left") {
  const Lab lab;
  std::string sweep = Lab::sweep_text("recipe.yaml");
  sweep =
      sweep.substr(0, sweep.find("axes:")) +
      "stages:\n  - cost\n  - train\n  - prune: {keep: {macs: 0.7}, batches: 1, batch_size: 16, "
      "steps: 1}\n"
      "  - measure_pruned: measure.yaml\n"
      "  - prune: {criterion: random, keep: {macs: 0.7}, batches: 1, batch_size: 16, steps: 1}\n";
  lab.write("sweep.yaml", sweep);
  const Ran ran = lab.sweep("store");
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  std::map<std::string, double> seen;
  for (const store::ResultRow& row :
       store::read_results_csv(lab / "store" / "views" / "results.csv").rows)
    seen[row.metric] = row.value;
  CHECK(seen.at("prune.speed_ratio") > 0);
  CHECK(seen.contains("prune.keep.hidden"));
  CHECK(seen.contains("prune.random.keep.hidden"));
  CHECK(seen.contains("prune.accuracy.top1.cut"));
  CHECK(std::filesystem::exists(lab / "store" / "report" / "pruning_curves.svg"));
  CHECK(std::filesystem::exists(lab / "store" / "report" / "pruned_speed.svg"));
  const Ran again = lab.sweep("store");
  CHECK(again.code == 0);
}

}  // namespace
}  // namespace vitlab
