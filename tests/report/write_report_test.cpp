#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "core/json.h"
#include "report/report.h"
#include "sample_profile.h"
#include "temporary_folder.h"
#include "test.hpp"

namespace vitlab::report {
namespace {

std::set<std::string> names_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.insert(entry.path().filename());
  return names;
}

TEST_CASE("the same input gives the same bytes", "[report]") {
  const Report first = build_report(sample_input());
  const Report second = build_report(sample_input());
  CHECK(first.html == second.html);
  CHECK(first.markdown == second.markdown);
  CHECK(first.latex == second.latex);
  CHECK(first.guidelines_json == second.guidelines_json);
}

TEST_CASE("a report is written as one folder, and drawings that it lost are removed", "[report]") {
  const TemporaryFolder temporary;
  const std::filesystem::path folder = temporary / "report";
  write_report(build_report(profiled_input()), folder);
  CHECK(names_in(folder) ==
        std::set<std::string>{
            "index.html", "report.md", "guidelines.json", "table.tex", "ops_to_fix.csv",
            "accuracy_speed.svg", "time_categories.svg", "roofline.svg", "roofline_other.svg",
            "head_similarity.svg", "paper_similarity.svg", "head_pairs.svg", "head_importance.svg",
            "pruning_curves.svg", "pruning.svg", "paper_pruning.svg", "pruned_speed.svg"});
  std::ofstream(folder / "mine.svg") << "mine";
  write_report(build_report(facts::ReportInput{}), folder);
  CHECK(names_in(folder) == std::set<std::string>{"index.html", "report.md", "guidelines.json",
                                                  "table.tex", "mine.svg"});
}

TEST_CASE("the guidelines of a report are JSON for programs", "[report]") {
  const core::Json json =
      core::parse_json(build_report(sample_input()).guidelines_json, "guidelines.json");
  CHECK(json.at("schema") == 1);
  CHECK(json.at("guidelines").size() == 1);
  CHECK(json.at("not_supported").size() == 3);
}

TEST_CASE("a report bears a date only where SOURCE_DATE_EPOCH gives one", "[report]") {
  REQUIRE(unsetenv("SOURCE_DATE_EPOCH") == 0);
  CHECK_FALSE(facts::source_date());
  setenv("SOURCE_DATE_EPOCH", "1687046400", 1);
  CHECK(facts::source_date() == "2023-06-18");
  for (const char* bad : {"soon", "-1", "", "99999999999999"}) {
    setenv("SOURCE_DATE_EPOCH", bad, 1);
    CHECK_FALSE(facts::source_date());
  }
  unsetenv("SOURCE_DATE_EPOCH");
  facts::ReportInput input = sample_input();
  CHECK(build_report(input).html.find("Made by vitlab.") != std::string::npos);
  input.date = "2023-06-18";
  CHECK(build_report(input).html.find("on 2023-06-18") != std::string::npos);
}

}  // namespace
}  // namespace vitlab::report
