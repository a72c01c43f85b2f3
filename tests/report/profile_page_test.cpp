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
  CHECK(core::parse_json(text_of(files, "profile.json"), "profile.json") == sample_profile(1));
}

TEST_CASE("an older or broken profile still gives a page", "[report]") {
  core::Json old = sample_profile(1);
  for (const char* key : {"memory", "roofline", "categories"}) old.erase(key);
  for (const core::Json& profile :
       {old, core::Json::object(), core::Json(nullptr), core::Json{{"ops", "none"}},
        core::Json{{"model", "m"}, {"out_of_memory", "3 GB wanted"}}}) {
    const std::vector<ReportFile> files = profile_files(profile);
    CHECK(files.size() == 4 + (profile == old ? 1 : 0));  // old: stages and kinds
    CHECK(xml_problem(body_of(text_of(files, "index.html"))) == "");
  }
}

TEST_CASE("no name in a profile becomes markup", "[report]") {
  const std::string evil = "<script>alert(1)</script>\"'&|=\n\x01\xff";
  core::Json profile = sample_profile(1);
  profile["model"] = evil;
  profile["device"] = evil;
  profile["warnings"] = {evil};
  profile["environment"] = {{evil, evil}};
  profile["memory"]["remark"] = evil;
  profile["roofline"]["levels"][0]["level"] = evil;
  for (core::Json& op : profile["ops"])
    for (const char* key : {"node", "layer", "stage", "kind", "op", "category", "bound", "inside"})
      op[key] = evil;
  const std::vector<ReportFile> files = profile_files(profile);
  const std::string& html = text_of(files, "index.html");
  CHECK(occurrences(html, "<script") == 1);
  CHECK(xml_problem(body_of(html)) == "");
  CHECK(html.find('\xff') == std::string::npos);
  CHECK(text_of(files, "roofline.svg").find("<script") == std::string::npos);
}

}  // namespace
}  // namespace vitlab::report
