#include "report/op_advice.h"

#include <algorithm>

#include "report/figures.h"
#include "sample_profile.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::report {
namespace {

const OpToFix& fix_of(const std::vector<OpToFix>& fixes, const std::string& op) {
  const auto found =
      std::find_if(fixes.begin(), fixes.end(), [&](const OpToFix& fix) { return fix.op.op == op; });
  REQUIRE(found != fixes.end());
  return *found;
}

bool says(const OpToFix& fix, const std::string& words) {
  return fix.meaning.find(words) != std::string::npos;
}

TEST_CASE("ops to fix come by the time that the roofs do not explain", "[report]") {
  const std::vector<OpToFix> fixes = ops_to_fix(*sample_profile(1).times);
  REQUIRE(fixes.size() == 7);
  for (std::size_t i = 1; i < fixes.size(); ++i) CHECK(fixes[i - 1].above_ms >= fixes[i].above_ms);
  CHECK(fixes[0].op.op == "linear");
  CHECK(fixes[0].alike == 2);  // the same work in two layers
  CHECK(fixes[0].above_ms == Approx(4));
  CHECK(fixes[0].reached == Approx(0.5));
  CHECK(ops_to_fix(*sample_profile(1).times, 3).size() == 3);
}

TEST_CASE("what an op to fix means follows from its numbers", "[report]") {
  const std::vector<OpToFix> fixes = ops_to_fix(*sample_profile(1).times);
  CHECK(says(fix_of(fixes, "linear"), "Reaches 50 % of what the roofs allow, arithmetic"));
  CHECK(says(fix_of(fixes, "convolution"), "Reaches 20 % of what the roofs allow, memory"));
  CHECK(says(fix_of(fixes, "permute"), "Moves 8 MB and computes nothing"));
  CHECK(says(fix_of(fixes, "softmax"), "Exponentials"));
  CHECK(says(fix_of(fixes, "batch_norm"), "folded"));
  CHECK(says(fix_of(fixes, "copy"), "inside convolution"));
  CHECK(says(fix_of(fixes, "add"), "10 µs taken for work of 1.2 µs"));
}

TEST_CASE("an op at its roof is told so", "[report]") {
  messages::ProfileTimes times = *sample_profile(1).times;
  times.ops = {sample_op("a.b", "ffn", "linear", graph::Category::kMultiplication,
                         messages::Bound::kCompute, 2.2, 2e8, 4e6, 2)};
  std::vector<OpToFix> fixes = ops_to_fix(times);
  REQUIRE(fixes.size() == 1);
  CHECK(says(fixes[0], "At 91 % of what this machine allows: only fewer operations"));
  times.ops[0].time_ms = 2;
  CHECK(ops_to_fix(times).empty());
}

TEST_CASE("reports show ops of the reference and of the slowest model", "[report]") {
  const facts::ReportInput input = profiled_input();
  const facts::ReportModels models = facts::report_models(input);
  const std::vector<Table> tables = ops_tables(models);
  REQUIRE(tables.size() == 2);
  CHECK(tables[0].caption.find("Model 1 (mixer=cascaded ffn_per_side=1), the reference") == 0);
  CHECK(tables[1].caption.find("the slowest") != std::string::npos);
  CHECK(occurrences(ops_csv(models), "\n") == 1 + 7 + 7);
  facts::ReportInput slow = input;
  slow.plan.reference = "4daf36b2c5";
  CHECK(profiled_models(facts::report_models(slow))[0].role == "the reference, also the slowest");
  CHECK(profiled_models(facts::report_models(slow))[1].role == "the fastest");
  facts::ReportInput elsewhere = input;
  for (facts::ModelProfile& profile : elsewhere.profiles) profile.setting.threads = 8;
  CHECK(ops_tables(facts::report_models(elsewhere)).empty());
  CHECK(ops_csv(facts::report_models(sample_input())).empty());
}

}  // namespace
}  // namespace vitlab::report
