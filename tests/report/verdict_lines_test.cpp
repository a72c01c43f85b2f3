#include "report/verdict_lines.h"

#include "sample_input.h"
#include "test.hpp"

namespace vitlab::report {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("a verdict names the best models with numbers, spread and setting", "[report]") {
  const std::vector<std::string> lines = verdict_lines(sample_input());
  REQUIRE(lines.size() == 3);
  CHECK_THAT(lines[0],
             Contains("Most accurate: model 4 (mixer=full ffn_per_side=1) with 97.6 ± 0.5 "
                      "% top-1 on digits (2 seeds; 95 % interval 95.7–98.9 for only 360 "
                      "test images)"));
  CHECK_THAT(lines[0], Contains("the intervals of all other 5 overlap"));
  CHECK_THAT(lines[1],
             Contains("Fastest: model 3 (mixer=cascaded ffn_per_side=3) at 3,688 images/s"));
  CHECK_THAT(lines[1], Contains("cpu, 1 thread, batch 16, float32"));
  CHECK_THAT(lines[1], Contains("1.18 times the reference (1.17–1.20), model 1"));
  CHECK_THAT(lines[2],
             Contains("from model 4 to model 3, 1.32 times the throughput for 1.6 points"));
  CHECK_THAT(lines[1], Contains("the spreads of 1 of the other 5 overlap with it"));
  CHECK_THAT(lines[2], Contains("a difference that may be luck"));
  CHECK_THAT(lines[2], Contains("1 guideline is supported, the first of grade C"));
  CHECK_THAT(lines[2], Contains("3 possible claims about ffn_per_side and mixer are not statistically supported"));
  CHECK_THAT(lines[2], Contains("they would need 5 to 8 matched blocks"));
}

TEST_CASE("a verdict has three lines, each with a lead, whatever is missing", "[report]") {
  facts::ReportInput none;
  facts::ReportInput no_speed = sample_input();
  std::erase_if(no_speed.table.rows,
                [](const store::ResultRow& row) { return !row.device.empty(); });
  facts::ReportInput no_accuracy = sample_input();
  std::erase_if(no_accuracy.table.rows,
                [](const store::ResultRow& row) { return row.seed.has_value(); });
  facts::ReportInput failed;
  failed.failures = {{"t", "train", "oom", "out of memory"}};
  for (const facts::ReportInput* input : {&none, &no_speed, &no_accuracy, &failed}) {
    const std::vector<std::string> lines = verdict_lines(*input);
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].starts_with("Most accurate: "));
    CHECK(lines[1].starts_with("Fastest: "));
    CHECK(lines[2].starts_with("Trade-off: "));
    for (const std::string& line : lines) CHECK(line.back() == '.');
  }
  CHECK_THAT(verdict_lines(none)[0], Contains("no such stage has finished"));
  CHECK_THAT(verdict_lines(failed)[0], Contains("1 stage did not end well, the first with \"out"));
  CHECK_THAT(verdict_lines(no_speed)[1], Contains("no speed to compare"));
}

TEST_CASE("models whose intervals do not overlap are told apart", "[report]") {
  facts::ReportInput input = sample_input();
  for (store::ResultRow& row : input.table.rows)
    if (row.metric == "accuracy.top1" && row.model != "4daf36b2c5") row.value = 0.5;
  CHECK_THAT(verdict_lines(input)[0], Contains("the intervals of the other 5 lie below"));
}

}  // namespace
}  // namespace vitlab::report
