#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "core/json.h"
#include "run_program.h"
#include "store/results_csv.h"
#include "store/store.h"
#include "test.hpp"

namespace vitlab {

/// A folder with a tiny sweep, its recipe and protocol, and locks of its own, so that tests wait
/// for no other work on this machine.
class Lab {
 public:
  Lab() {
    std::filesystem::create_directory(folder_ / "locks");
    std::filesystem::permissions(folder_ / "locks", std::filesystem::perms::owner_all);
    write("recipe.yaml", "epochs: 2\nbatch_size: 16\nlearning_rate: 4.0e-3\nwarmup_epochs: 1\n");
    write("measure.yaml", "batch: 2\nwarmup_seconds: 0.02\ntimed_seconds: 0.1\nrounds: 2\n");
    write("model.yaml", "template: efficientvit\n" + std::string(kKnobs) + "mixer: cascaded\n");
    write("sweep.yaml", sweep_text("recipe.yaml"));
  }

  static constexpr const char* kData = "synthetic:classes=4,size=16,count=160";
  static constexpr const char* kKnobs =
      "image_size: 16\nclasses: 4\nstem_stride: 4\nwidths: [16, 24]\ndepths: [1, 1]\nheads: 2\n"
      "qk_dim: 4\nkernels: [3, 3]\nwindow: 4\n";
  static constexpr std::size_t kStages = 2 + 4 + 4 + 4 + 2;

  static std::string sweep_text(const std::string& recipe) {
    return "sweep: tiny\nbase:\n  template: efficientvit\n  image_size: 16\n  classes: 4\n"
           "  stem_stride: 4\n  widths: [16, 24]\n  depths: [1, 1]\n  heads: 2\n  qk_dim: 4\n"
           "  kernels: [3, 3]\n  window: 4\ndata: " +
           std::string(kData) + "\nrecipe: " + recipe +
           "\naxes: [{grid: {mixer: [cascaded, full]}}]\nseeds: [0, 1]\n"
           "reference: {mixer: cascaded}\nstages:\n  - cost\n  - train\n"
           "  - similarity: {images: 16, batch: 8}\n"
           "  - prune: {keep: {macs: 0.8}, batches: 2, batch_size: 16, steps: 2}\n"
           "  - measure: measure.yaml\n";
  }

  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  Ran run(const std::vector<std::string>& words) const {
    return run_program(command(words), folder_.path(), environment());
  }
  std::vector<std::string> command(std::vector<std::string> words) const {
    words.insert(words.begin(), VITLAB_BUILD_DIR "/vitlab");
    return words;
  }
  std::map<std::string, std::string> environment() const {
    return {{"XDG_RUNTIME_DIR", (folder_ / "locks").string()}};
  }
  const std::filesystem::path& path() const { return folder_.path(); }

  /// Runs a command that must succeed, and gives its JSON document.
  core::Json document(std::vector<std::string> words) const {
    words.emplace_back("--json");
    const Ran ran = run(words);
    INFO(ran.err);
    REQUIRE(ran.code == 0);
    return core::parse_json(ran.out, words[0]);
  }
  Ran sweep(const std::string& out, int workers = 2) const {
    return run({"sweep", "sweep.yaml", "--out", out, "--workers", std::to_string(workers)});
  }

 private:
  TemporaryFolder folder_;
};

/// The text of all rows but the timed ones: what two runs of a sweep must share.
inline std::string untimed_rows(const std::filesystem::path& store) {
  store::ResultsTable table = store::read_results_csv(store / "views" / "results.csv");
  std::erase_if(table.rows, [](const store::ResultRow& row) { return !row.device.empty(); });
  return store::results_csv(table);
}

/// One finished run of the lab's sweep by two workers; tests copy what they change.
struct FinishedSweep {
  Lab lab;
  Ran ran = lab.sweep("store");
  std::filesystem::path store = lab / "store";
};
inline const FinishedSweep& finished_sweep() {
  static const FinishedSweep finished;
  return finished;
}

/// When a file was changed last, in the clock's ticks.
inline std::int64_t changed_at(const std::filesystem::path& path) {
  return std::filesystem::last_write_time(path).time_since_epoch().count();
}

/// Every file of a store's stages with its time of change.
inline std::map<std::string, std::int64_t> files_of_stages(const std::filesystem::path& store) {
  std::map<std::string, std::int64_t> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(store / "stages"))
    if (entry.is_regular_file()) files[entry.path().string()] = changed_at(entry.path());
  return files;
}

/// The winning records of the stages of a kind.
inline std::vector<store::StageRecord> records_of_kind(const store::Store& store,
                                                       const std::string& kind) {
  std::vector<store::StageRecord> records;
  for (store::StageRecord& record : store.scan(1).records)
    if (record.kind == kind) records.push_back(std::move(record));
  return records;
}

}  // namespace vitlab
