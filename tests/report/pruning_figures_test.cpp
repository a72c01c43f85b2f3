#include "facts/report_model.h"
#include "report/figures.h"
#include "sample_input.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::report {
namespace {

facts::ReportInput without(const facts::ReportInput& input, const std::string& prefix) {
  facts::ReportInput less = input;
  std::erase_if(less.table.rows,
                [&](const store::ResultRow& row) { return row.metric.starts_with(prefix); });
  return less;
}

TEST_CASE("random scores are a control beside a model's pruning, never mixed into it", "[report]") {
  const facts::ReportInput input = sample_input();
  const facts::ReportModel with = facts::report_models(input).models[0];
  const facts::ReportModel alone = facts::report_models(without(input, "prune.random.")).models[0];
  CHECK(with.pruned_at_random.kept.at("hidden").front().value == Approx(0.7));
  CHECK(*with.pruned_at_random.macs == Approx(0.69 * *with.macs));
  CHECK(alone.pruned_at_random.kept.empty());
  CHECK(*with.pruned.macs == *alone.pruned.macs);
  REQUIRE(with.pruned.kept.at("qk").size() == alone.pruned.kept.at("qk").size());
  for (std::size_t i = 0; i < with.pruned.kept.at("qk").size(); ++i)
    CHECK(with.pruned.kept.at("qk")[i].value == alone.pruned.kept.at("qk")[i].value);
}

TEST_CASE("a model's curves of what pruning kept stand over the paper's dashed ones", "[report]") {
  const Figure figure = pruning_curves_figure(facts::report_models(sample_input()));
  // Four of six models, each with its control.
  CHECK(figure.rows.size() == 8);
  CHECK(figure.caption.find("Shown are 4 of 6 models") != std::string::npos);
  CHECK(occurrences(figure.wide, "line dashed") == 8 * 3);
  CHECK(figure.rows[0][4].find("MACs left 70.0 %; top-1 97.2 % before") != std::string::npos);
  CHECK(
      pruning_curves_figure(facts::report_models(without(sample_input(), "prune."))).wide.empty());
}

TEST_CASE("a report says where pruned is not faster, and where rounding would have been",
          "[report]") {
  const Figure figure = pruned_speed_figure(facts::report_models(sample_input()));
  CHECK(figure.caption.find("was measured of model 1 (1.43x by MACs, 1.10x measured)") !=
        std::string::npos);
  CHECK(figure.caption.find("for model 1 (1.25x at multiples of 8 instead of 1.10x)") !=
        std::string::npos);
  CHECK(figure.rows.size() == 12);
  facts::ReportInput noisy = sample_input();
  for (store::ResultRow& row : noisy.table.rows)
    if (row.metric == "prune.speed_ratio") row.high = 1.3;
  CHECK(pruned_speed_figure(facts::report_models(noisy)).caption.find("multiples of 8 instead") ==
        std::string::npos);
  facts::ReportInput fast = sample_input();
  for (store::ResultRow& row : fast.table.rows)
    if (row.metric == "prune.speed_ratio") row.value = 1.4;
  CHECK(pruned_speed_figure(facts::report_models(fast)).caption.find("model 1") ==
        std::string::npos);
  CHECK(pruned_speed_figure(facts::report_models(without(sample_input(), "prune.speed")))
            .wide.empty());
}

}  // namespace
}  // namespace vitlab::report
