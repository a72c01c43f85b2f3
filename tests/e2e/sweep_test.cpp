#include <set>

#include "lab.h"

namespace vitlab {
namespace {

TEST_CASE("a plan says beforehand what a sweep does and afterwards that it is done") {
  const FinishedSweep& finished = finished_sweep();
  const core::Json before = finished.lab.document({"plan", "sweep.yaml"});
  CHECK(before.at("trials").size() == 4);
  REQUIRE(before.at("stages").size() == Lab::kStages);
  for (const core::Json& stage : before.at("stages")) CHECK(stage.at("state") == "planned");
  const core::Json after = finished.lab.document({"plan", "sweep.yaml", "--out", "store"});
  for (std::size_t i = 0; i < Lab::kStages; ++i) {
    CHECK(after.at("stages")[i].at("id") == before.at("stages")[i].at("id"));
    CHECK(after.at("stages")[i].at("state") == "done");
  }
}

TEST_CASE("a sweep leaves a store, a table and a report") {
  const FinishedSweep& finished = finished_sweep();
  INFO(finished.ran.err);
  REQUIRE(finished.ran.code == 0);
  CHECK_THAT(finished.ran.out, Catch::Contains("16 of 16 stages done"));
  for (const char* file :
       {"views/results.csv", "report/index.html", "report/report.md", "report/guidelines.json"})
    CHECK(std::filesystem::file_size(finished.store / file) > 100);
  const store::StoreScan scan = store::Store::open(finished.store).scan(1);
  CHECK(scan.problems.empty());
  CHECK(scan.records.size() == Lab::kStages);
  CHECK(scan.attempts == Lab::kStages);
  std::set<std::string> metrics;
  for (const store::ResultRow& row :
       store::read_results_csv(finished.store / "views/results.csv").rows)
    metrics.insert(row.metric);
  for (const char* metric : {"params",
                             "macs",
                             "flops",
                             "bytes_moved",
                             "peak_activation_bytes",
                             "mhsa_share",
                             "accuracy.top1",
                             "accuracy.top1.best",
                             "loss.test",
                             "throughput",
                             "latency",
                             "throughput_ratio",
                             "memory_bound_share",
                             "roofline_memory_bound_share",
                             "time_share.multiplication",
                             "head_cosine.max_max.map",
                             "head_cosine.max_max.map.null",
                             "head_cosine.mean_mean.output",
                             "prune.keep.hidden",
                             "prune.macs",
                             "prune.accuracy.top1",
                             "status"})
    CHECK(metrics.contains(metric));
}

TEST_CASE("the same command again computes nothing and leaves every byte as it was") {
  const FinishedSweep& finished = finished_sweep();
  const auto files = files_of_stages(finished.store);
  const std::string table = text_of(finished.store / "views/results.csv");
  const std::string report = text_of(finished.store / "report/report.md");
  const Ran again = finished.lab.sweep("store");
  CHECK(again.code == 0);
  CHECK(again.out == finished.ran.out);
  CHECK(files_of_stages(finished.store) == files);
  CHECK(text_of(finished.store / "views/results.csv") == table);
  for (int i = 0; i < 2; ++i) {
    std::filesystem::remove_all(finished.store / "views");
    CHECK(finished.lab.run({"collect", "store"}).code == 0);
    CHECK(text_of(finished.store / "views/results.csv") == table);
  }
  std::filesystem::remove_all(finished.store / "report");
  CHECK(finished.lab.run({"report", "store"}).code == 0);
  CHECK(text_of(finished.store / "report/report.md") == report);
  CHECK(files_of_stages(finished.store) == files);
}

TEST_CASE("several sweeps run one after the other into a folder, all read before any runs") {
  const Lab lab;
  const auto sweep = [&](const std::string& file, const std::string& name) {
    lab.write(file, "sweep: " + name +
                        "\nbase:\n  model: model.yaml\naxes: [{grid: {qk_dim: [4, 8]}}]\n" +
                        "stages: [cost]\n");
  };
  sweep("a.yaml", "first");
  sweep("b.yaml", "second");
  const core::Json both = lab.document({"sweep", "a.yaml", "b.yaml", "--out", "both"});
  REQUIRE(both.at("sweeps").size() == 2);
  for (const int i : {0, 1}) {
    const std::string store = i == 0 ? "both/first" : "both/second";
    CHECK(both.at("sweeps")[i].at("out") == store);
    CHECK(both.at("sweeps")[i].at("done") == 2);
    CHECK(std::filesystem::exists(lab / (store + "/report/index.html")));
  }
  CHECK(lab.run({"sweep", "b.yaml", "--out", "alone"}).code == 0);
  CHECK(std::filesystem::exists(lab / "alone/views/results.csv"));
  sweep("b.yaml", "first");
  const Ran twice = lab.run({"sweep", "a.yaml", "b.yaml", "--out", "twice"});
  CHECK(twice.code == 2);
  CHECK_THAT(twice.err, Catch::Contains("b.yaml and a.yaml are both named first"));
  lab.write("b.yaml", "sweep: second\nbase: {model: nothing}\nstages: [cost]\n");
  CHECK(lab.run({"sweep", "a.yaml", "b.yaml", "--out", "twice"}).code == 2);
  CHECK_FALSE(std::filesystem::exists(lab / "twice"));
}

TEST_CASE("another store and another number of workers give the same untimed values") {
  const FinishedSweep& finished = finished_sweep();
  const Ran ran = finished.lab.sweep("other", 1);
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  CHECK(untimed_rows(finished.lab / "other") == untimed_rows(finished.store));
}

TEST_CASE("guidelines say what is missing where a sweep is too small") {
  const FinishedSweep& finished = finished_sweep();
  const core::Json guide = finished.lab.document({"guide", "store"});
  CHECK(guide.at("schema") == 1);
  CHECK(guide.at("command") == "guide");
  CHECK(guide.at("guidelines").empty());
  REQUIRE_FALSE(guide.at("not_supported").empty());
  for (const core::Json& row : guide.at("not_supported")) {
    CHECK(row.at("factor") == "mixer");
    CHECK_FALSE(row.at("reason").get<std::string>().empty());
    CHECK(row.contains("metric"));
    CHECK(row.contains("samples_needed"));
  }
  // A table alone gives the same.
  CHECK(finished.lab.document({"guide", "store/views/results.csv"}) == guide);
}

TEST_CASE("design writes a model for each budget that has one and names the others") {
  const FinishedSweep& finished = finished_sweep();
  const core::Json both = finished.lab.document(
      {"design", "store", "--budgets", "macs=2e5,4e5", "--multiple-of", "4", "--out", "family"});
  CHECK(both.at("command") == "design");
  REQUIRE(both.at("variants").size() == 2);
  CHECK(std::filesystem::exists(finished.lab / "family/design.json"));
  const double budgets[] = {2e5, 4e5};
  for (const int i : {0, 1}) {
    const std::string name = "family/M" + std::to_string(i) + ".yaml";
    const core::Json cost = finished.lab.document({"cost", name}).at("models")[0];
    CHECK(cost.at("macs").get<double>() <= 1.02 * budgets[i]);
    CHECK(cost.at("macs").get<double>() >= 0.9 * budgets[i]);
  }
  const Ran impossible =
      finished.lab.run({"design", "store", "--budgets", "macs=2e5,10", "--out", "family2"});
  CHECK(impossible.code == 3);
  CHECK_THAT(impossible.out, Catch::Contains("10"));
  CHECK(std::filesystem::exists(finished.lab / "family2/M0.yaml"));
}

}  // namespace
}  // namespace vitlab
