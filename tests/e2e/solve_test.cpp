#include "core/processor.h"
#include "lab.h"
#include "predict/predictor_file.h"

namespace vitlab {
namespace {

/// Every width fits: what is tested is the way, not the clock.
constexpr const char* kSpeedSweep =
    "sweep: speeds\nbase:\n  template: efficientvit\n  image_size: 16\n  classes: 4\n"
    "  stem_stride: 4\n  depths: [1, 1]\n  heads: 2\n  qk_dim: 4\n  kernels: [3, 3]\n  window: 4\n"
    "  widths: [16, 24]\naxes: [{grid: {mixer: [cascaded, full]}}]\n"
    "derive:\n  widths:\n    solve: {metric: throughput, equals: [0.9, 1.1], relative_to: "
    "model.yaml,\n"
    "            protocol: measure.yaml, tolerance: 1, multiple_of: 8}\n"
    "stages: [cost, {measure: measure.yaml}]\n";

TEST_CASE("a sweep solves its widths by measuring, locks them and goes on to its stages") {
  const Lab lab;
  lab.write("speeds.yaml", kSpeedSweep);
  const core::Json before = lab.document({"plan", "speeds.yaml"});
  CHECK(before.at("unsolved").size() == 4);
  CHECK(before.at("trials").empty());
  const Ran told = lab.run({"plan", "speeds.yaml"});
  CHECK_THAT(told.out, Catch::StartsWith("4 points, 0 distinct models, 0 trials, 0 stages\n"));
  const std::vector<std::string> words{"sweep", "speeds.yaml", "--out", "store"};
  const Ran ran = lab.run(words);
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  const std::string lock = text_of(lab / "store/sweep.lock.yaml");
  const core::Json after = lab.document({"plan", "speeds.yaml", "--out", "store"});
  CHECK_FALSE(after.contains("unsolved"));
  CHECK(after.at("rejected").empty());
  std::set<double> budgets;
  std::size_t throughputs = 0;
  for (const store::ResultRow& row :
       store::read_results_csv(lab / "store/views/results.csv").rows) {
    if (row.metric == "throughput") ++throughputs;
    if (!row.budget) continue;
    CHECK(row.budget_metric == "throughput_ratio");
    budgets.insert(*row.budget);
  }
  CHECK(throughputs > 0);
  CHECK(budgets.size() >= 1);
  // What is locked is not measured again, not even by the clock's whim.
  const std::string table = text_of(lab / "store/views/results.csv");
  CHECK(lab.run(words).code == 0);
  CHECK(text_of(lab / "store/sweep.lock.yaml") == lock);
  CHECK(text_of(lab / "store/views/results.csv") == table);
}

std::vector<std::string> solve_words(const std::vector<std::string>& more) {
  std::vector<std::string> words{"solve", "model.yaml", "--tolerance", "1"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST_CASE("a predictor proposes widths for a speed, on the machine that it knows") {
  const Lab lab;
  predict::TimePredictor predictor;
  predictor.setting.device = core::processor_name();
  predictor.other.rates = {1e-6, 1e-10, 1e-10, 1e-10, 0};
  predictor.errors.log_ratios = {-0.1, 0, 0.1};
  predictor.models = 3;
  predict::write_predictor(predictor, lab / "predictor.json");
  predictor.setting.threads = 7;
  predict::write_predictor(predictor, lab / "seven.json");
  predictor.setting.device = "some other processor";
  predict::write_predictor(predictor, lab / "elsewhere.json");
  const std::vector<std::string> speed{"--target", "throughput=1x:model.yaml", "--protocol",
                                       "measure.yaml", "--predictor"};
  const auto with = [&](const std::string& path) {
    std::vector<std::string> words = solve_words(speed);
    words.push_back(path);
    return words;
  };
  const core::Json solved = lab.document(with("predictor.json"));
  CHECK(solved.at("met") == true);
  // The guess of the model's own speed is right, whatever its rates: nothing is to be searched.
  CHECK(solved.at("value") == core::Json({16, 24}));
  const Ran seven = lab.run(with("seven.json"));
  CHECK(seven.code == 2);
  CHECK_THAT(seven.err, Catch::Contains("seven.json was trained for 7 thread(s)"));
  const Ran elsewhere = lab.run(with("elsewhere.json"));
  CHECK(elsewhere.code == 2);
  CHECK_THAT(elsewhere.err, Catch::Contains("'some other processor'"));
  const Ran counted =
      lab.run(solve_words({"--target", "macs=2e5", "--predictor", "predictor.json"}));
  CHECK(counted.code == 2);
  CHECK_THAT(counted.err, Catch::Contains("macs is counted exactly"));
}

}  // namespace
}  // namespace vitlab
