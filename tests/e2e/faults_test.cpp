#include "core/hash.h"
#include "lab.h"

namespace vitlab {
namespace {

void copy_store(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

std::filesystem::path only_attempt(const store::Store& store, const std::string& id) {
  return store.stage_folder(id) / store::attempt_file_name(1);
}

TEST_CASE("a damaged record is named and its stage, and no other, is done again") {
  const FinishedSweep& finished = finished_sweep();
  copy_store(finished.store, finished.lab / "damaged");
  const store::Store store = store::Store::open(finished.lab / "damaged");
  const std::string id = records_of_kind(store, "train").at(1).id;
  std::string text = text_of(only_attempt(store, id));
  text[text.size() / 2] = static_cast<char>(text[text.size() / 2] ^ 1);
  std::ofstream(only_attempt(store, id), std::ios::binary) << text;
  const auto files = files_of_stages(store.folder());

  const Ran collected = finished.lab.run({"collect", "damaged"});
  CHECK(collected.code == 3);
  CHECK_THAT(collected.err, Catch::Contains(id) && Catch::Contains("attempt-0001.json"));

  const Ran ran = finished.lab.sweep("damaged");
  INFO(ran.err);
  CHECK(ran.code == 0);
  CHECK_THAT(ran.err, Catch::Contains(id));
  for (const auto& [path, time] : files_of_stages(store.folder())) {
    if (path.find(id) != std::string::npos) continue;
    INFO(path);
    REQUIRE(files.contains(path));
    CHECK(files.at(path) == time);
  }
  CHECK(std::filesystem::exists(store.stage_folder(id) / store::attempt_file_name(2)));
  CHECK(untimed_rows(store.folder()) == untimed_rows(finished.store));
}

TEST_CASE("weights that were cut short are trained again, weights that changed are refused") {
  const FinishedSweep& finished = finished_sweep();
  copy_store(finished.store, finished.lab / "lost");
  const store::Store store = store::Store::open(finished.lab / "lost");
  const auto weights_of = [&](const store::StageRecord& train) {
    for (const store::StoredFile& file : train.files)
      if (file.name == "model.safetensors") return store.stage_folder(train.id) / file.path;
    throw std::runtime_error("no weights");
  };
  const auto trainings = records_of_kind(store, "train");
  std::filesystem::resize_file(weights_of(trainings.at(0)), 100);
  std::string bytes = text_of(weights_of(trainings.at(1)));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  std::ofstream(weights_of(trainings.at(1)), std::ios::binary) << bytes;
  // Without their records the prunings run again, and read the weights.
  for (const store::StageRecord& prune : records_of_kind(store, "prune"))
    std::filesystem::remove(only_attempt(store, prune.id));
  const Ran ran = finished.lab.sweep("lost");
  INFO(ran.err);
  CHECK(ran.code == 3);
  CHECK_THAT(ran.err, Catch::Contains(trainings[0].id));
  CHECK_THAT(ran.out, Catch::Contains("15 of 16 stages done") && Catch::Contains(trainings[1].id) &&
                          Catch::Contains("is damaged") && Catch::Contains("--retry-failed"));
  // What the message says helps.
  std::filesystem::remove_all(store.stage_folder(trainings[1].id));
  const Ran repaired = finished.lab.run({"sweep", "sweep.yaml", "--out", "lost", "--retry-failed"});
  INFO(repaired.err);
  CHECK(repaired.code == 0);
  CHECK(untimed_rows(store.folder()) == untimed_rows(finished.store));
}

TEST_CASE("a training that diverges is a row with its reason, and the rest goes on") {
  const Lab lab;
  lab.write("wild.yaml",
            "epochs: 3\nbatch_size: 16\nlearning_rate: 100\nweight_decay: 100\n"
            "warmup_epochs: 0\n");
  lab.write("sweep.yaml", Lab::sweep_text("wild.yaml"));
  const Ran ran = lab.sweep("store");
  INFO(ran.err);
  CHECK(ran.code == 3);
  CHECK_THAT(ran.out, Catch::Contains("diverged") && Catch::Contains("4 of 16 stages done"));
  int diverged = 0, invalid = 0, good = 0;
  for (const store::ResultRow& row :
       store::read_results_csv(lab / "store/views/results.csv").rows) {
    if (row.metric != "status") continue;
    if (row.subject.find("train diverged") == 0) {
      CHECK_THAT(row.subject, Catch::Contains("at step"));
      ++diverged;
    }
    invalid += row.subject.find("starts from train, which ended as diverged") != std::string::npos;
    good += row.value == 1;
  }
  CHECK(diverged == 4);
  CHECK(invalid == 8);
  CHECK(good == 4);
  // A divergence is a result: the same command does not try again.
  const auto files = files_of_stages(lab / "store");
  CHECK(lab.sweep("store").code == 3);
  CHECK(files_of_stages(lab / "store") == files);
}

TEST_CASE("damaged weights are refused by name, whatever is wrong with them") {
  const Lab lab;
  REQUIRE(lab.run({"export", "model.yaml", "--out", "good"}).code == 0);
  const std::string good = text_of(lab / "good/model.safetensors");
  const std::vector<std::pair<std::string, std::string>> damaged{
      {"empty", ""},
      {"short", good.substr(0, good.size() / 2)},
      {"header", good.substr(0, 20)},
      {"length", std::string(8, '\xff') + good.substr(8)},
      {"text", "this is no safetensors file at all"},
      {"json", good.substr(0, 8) + "[" + good.substr(9)},
  };
  for (const auto& [name, bytes] : damaged) {
    const std::string file = name + ".safetensors";
    lab.write(file, bytes);
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"forward", "model.yaml", "--weights", file, "--input",
                                   "good/model.safetensors", "--output", "y"},
          std::vector<std::string>{"similarity", "model.yaml", "--weights", file, "--data",
                                   Lab::kData},
          std::vector<std::string>{"export", "model.yaml", "--weights", file, "--out", "new"}}) {
      const Ran ran = lab.run(words);
      INFO(words[0] << " of " << name << ": " << ran.err);
      CHECK(ran.code == 2);
      CHECK(ran.out.empty());
      CHECK_THAT(ran.err, Catch::Contains(file));
      if (words[0] != "forward") break;  // one command sees all damages, the others one
    }
  }
  CHECK_FALSE(std::filesystem::exists(lab / "new"));
  CHECK_FALSE(std::filesystem::exists(lab / "y"));
}

TEST_CASE("weights of another model are refused with the names of what does not fit") {
  const Lab lab;
  REQUIRE(lab.run({"export", "model.yaml", "--set", "classes=7", "--out", "seven"}).code == 0);
  const Ran ran = lab.run(
      {"similarity", "model.yaml", "--weights", "seven/model.safetensors", "--data", Lab::kData});
  CHECK(ran.code == 2);
  CHECK_THAT(ran.err, Catch::Contains("seven/model.safetensors") && Catch::Contains("heads.0") &&
                          Catch::Contains("7"));
}

TEST_CASE("a device that is not there is a missing capability, and the message names the remedy") {
  const Lab lab;
  if (lab.document({"doctor"}).at("cuda").at("available") == true) return;
  const Ran ran = lab.run({"profile", "model.yaml", "--device", "cuda"});
  CHECK(ran.code == 5);
  CHECK_THAT(ran.err, Catch::Contains("--device cpu"));
}

}  // namespace
}  // namespace vitlab
