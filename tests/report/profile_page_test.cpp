#include "report/profile_page.h"

#include <algorithm>

#include "sample_profile.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::report {
namespace {

const std::string& text_of(const std::vector<ReportFile>& files, const std::string& name) {
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const ReportFile& file) { return file.name == name; });
  REQUIRE(found != files.end());
  return found->text;
}

std::string body_of(const std::string& html) {
  std::string markup = html.substr(html.find("<body>"));
  markup.erase(markup.find("<script>"), markup.find("</script>") + 9 - markup.find("<script>"));
  return markup.substr(0, markup.find("</html>"));
}

TEST_CASE("a profile is written up as a page, numbers and drawings", "[report]") {
  const std::vector<ReportFile> files = profile_files(sample_profile(1));
  std::vector<std::string> names;
  for (const ReportFile& file : files) names.push_back(file.name);
  CHECK(names == std::vector<std::string>{"index.html", "profile.json", "ops.csv", "layers.csv",
                                          "categories.svg", "roofline.svg", "groups.svg",
                                          "memory.svg"});
  const std::string& html = text_of(files, "index.html");
  CHECK(xml_problem(body_of(html)) == "");
  for (const char* section : {"totals", "categories", "roofline", "ops_to_fix", "groups", "memory",
                              "layers", "ops", "setting"})
    CHECK(occurrences(html, "<section id=\"" + std::string(section) + "\">") == 1);
  CHECK(occurrences(text_of(files, "ops.csv"), "\n") == 1 + 10);
  CHECK(occurrences(text_of(files, "layers.csv"), "\n") == 1 + 3);
  const core::Json json = core::parse_json(text_of(files, "profile.json"), "profile.json");
  CHECK(core::from_json<messages::ProfileAnswer>(json, "profile.json") == sample_profile(1));
}

TEST_CASE("a profile that memory did not hold gives a page that says so", "[report]") {
  messages::ProfileAnswer profile = sample_profile(1);
  profile.times.reset();
  profile.setting.out_of_memory = "3 GB wanted";
  const std::vector<ReportFile> files = profile_files(profile);
  CHECK(files.size() == 4);
  CHECK(xml_problem(body_of(text_of(files, "index.html"))) == "");
  CHECK(occurrences(text_of(files, "index.html"), "3 GB wanted") == 1);
}

TEST_CASE("no name in a profile becomes markup", "[report]") {
  const std::string evil = "<script>alert(1)</script>\"'&|=\n\x01\xff";
  messages::ProfileAnswer profile = sample_profile(1);
  profile.setting.model = profile.setting.device = evil;
  profile.environment.processor = profile.environment.system = evil;
  messages::ProfileTimes& times = *profile.times;
  times.warnings = {evil};
  times.memory.remark = evil;
  times.roofline.levels[0].level = evil;
  for (messages::ProfiledOp& op : times.ops)
    op.node = op.layer = op.stage = op.kind = op.op = op.inside = evil;
  times.layers[0].name = times.stages[0].name = times.kinds[0].name = evil;
  const std::vector<ReportFile> files = profile_files(profile);
  const std::string& html = text_of(files, "index.html");
  CHECK(occurrences(html, "<script") == 1);
  CHECK(xml_problem(body_of(html)) == "");
  CHECK(html.find('\xff') == std::string::npos);
  CHECK(text_of(files, "roofline.svg").find("<script") == std::string::npos);
}

}  // namespace
}  // namespace vitlab::report
