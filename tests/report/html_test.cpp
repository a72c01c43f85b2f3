#include <algorithm>
#include <vector>

#include "report/report.h"
#include "report/words.h"
#include "sample_profile.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::report {
namespace {

/// The sections of a page by their anchors, in their order.
std::vector<std::string> sections_of(const std::string& html) {
  std::vector<std::string> anchors;
  const std::string opening = "<section id=\"";
  for (std::size_t at = html.find(opening); at != std::string::npos;
       at = html.find(opening, at + 1)) {
    const std::size_t from = at + opening.size();
    anchors.push_back(html.substr(from, html.find('"', from) - from));
  }
  return anchors;
}

/// The page's elements without style, script and the elements that HTML leaves open.
std::string markup_of(const std::string& html) {
  std::string markup = html.substr(html.find("<body>"));
  markup.erase(markup.find("<script>"), markup.find("</script>") + 9 - markup.find("<script>"));
  return markup.substr(0, markup.find("</html>"));
}

TEST_CASE("a page tells the verdict first and then section by section", "[report]") {
  const std::string html = build_report(sample_input()).html;
  CHECK(html.find("id=\"verdict\"") < html.find("id=\"models\""));
  CHECK(sections_of(html) == std::vector<std::string>{"models", "accuracy_speed", "time_categories",
                                                      "head_similarity", "pruning_curves",
                                                      "pruning", "pruned_speed", "guidelines",
                                                      "failures", "rejected", "protocol", "again"});
  for (const std::string& anchor : sections_of(html))
    CHECK(html.find("href=\"#" + anchor + "\"") != std::string::npos);
}

TEST_CASE("profiles add a roofline and what to fix behind where the time goes", "[report]") {
  const std::string html = build_report(profiled_input()).html;
  const std::vector<std::string> sections = sections_of(html);
  REQUIRE(sections.size() > 5);
  CHECK(std::vector<std::string>(sections.begin() + 2, sections.begin() + 6) ==
        std::vector<std::string>{"time_categories", "roofline", "ops_to_fix", "head_similarity"});
  CHECK(xml_problem(markup_of(html)) == "");
  CHECK(html.find("“Other” of model 1 is softmax 20.5 % of its time") != std::string::npos);
  CHECK(occurrences(html, "id=\"roofline_other-title\"") == 1);
}

TEST_CASE("a page is well-formed, of one file, and asks for nothing", "[report]") {
  const std::string html = build_report(sample_input()).html;
  CHECK(xml_problem(markup_of(html)) == "");
  CHECK(html.find("default-src 'none'") != std::string::npos);
  CHECK(html.find("<html lang=\"en\">") != std::string::npos);
  CHECK(occurrences(html, "<main>") == 1);
  CHECK(occurrences(html, "<h1>") == 1);
  CHECK(occurrences(html, "<table") == occurrences(html, "<caption>"));
  for (const char* outside : {"src=", "url(", "@import", "<link", "<iframe", "fetch("})
    CHECK(html.find(outside) == std::string::npos);
  CHECK(occurrences(html, "http://") == occurrences(html, "http://www.w3.org/2000/svg"));
  CHECK(occurrences(html, "https://") == 0);
  CHECK(html.size() < 400'000);
}

TEST_CASE("the script of a page stays small", "[report]") {
  const std::string html = build_report(sample_input()).html;
  const std::size_t from = html.find("<script>");
  CHECK(occurrences(html.substr(from, html.find("</script>") - from), "\n") <= 150);
  CHECK(occurrences(html, "<script") == 1);
}

TEST_CASE("ids of a page are given once", "[report]") {
  const std::string html = build_report(sample_input()).html;
  std::vector<std::string> ids;
  for (std::size_t at = html.find(" id=\""); at != std::string::npos;
       at = html.find(" id=\"", at + 1))
    ids.push_back(html.substr(at + 5, html.find('"', at + 5) - at - 5));
  std::sort(ids.begin(), ids.end());
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
  CHECK(ids.size() > 10);
}

TEST_CASE("no text of a user becomes markup in any format", "[report]") {
  const std::string evil = "<script>alert(1)</script>\"'&|`*_]\n\x01\xff";
  facts::ReportInput input = profiled_input();
  input.title = evil;
  input.plan.data = input.plan.recipe = input.command = evil;
  input.plan.stages = {evil};
  input.table.knobs = {evil, evil + "2"};
  for (store::ResultRow& row : input.table.rows) {
    row.knobs = {evil + row.knobs[0], row.knobs[1]};
    if (!row.dataset.empty()) row.dataset = row.recipe = evil;
    if (!row.device.empty()) row.device = evil;
    if (row.metric == "prune.keep.v") row.metric = "prune.keep." + evil;
    if (!row.subject.empty()) row.subject += evil;
  }
  for (const store::ResultRow& row : input.table.rows) input.model_names[row.model] = evil;
  messages::ProfileTimes profile = *sample_profile(1).times;
  for (messages::ProfiledOp& op : profile.ops) op.node = op.kind = op.op = op.inside = evil;
  const facts::Setting setting{evil, "vitlab", "float32", 1, 16};
  for (facts::ModelProfile& each : input.profiles)
    each = {each.model, setting, std::make_shared<const messages::ProfileTimes>(profile)};
  input.failures = {{evil, evil, evil, evil}};
  input.rejected = {{evil, evil}};
  input.protocol = {{evil, evil}};
  input.machine = {{evil, {{evil, core::Json::array({evil, 1})}}}};
  input.files = {{evil, evil}, {"javascript:alert(1)", "x"}};
  input.date = evil;
  guide::Guideline& guideline = input.guidelines.guidelines[0];
  guideline.statement = guideline.scope[0].name = evil;
  guideline.counter_evidence = {evil};
  input.guidelines.not_supported[0].reason = input.guidelines.not_supported[0].factor = evil;
  input.guidelines.notes = {evil};
  const Report report = build_report(input);
  CHECK(occurrences(report.html, "<script") == 1);
  CHECK(report.html.find("javascript:") == report.html.rfind("javascript:"));
  CHECK(report.html.find("href=\"javascript") == std::string::npos);
  CHECK(xml_problem(markup_of(report.html)) == "");
  CHECK(report.html.find('\xff') == std::string::npos);
  CHECK(report.html.find('\x01') == std::string::npos);
  const std::size_t code = report.markdown.find("```");
  CHECK(report.markdown.substr(0, code).find("<script") == std::string::npos);
  for (const ReportFile& drawing : report.drawings) {
    CHECK(xml_problem(drawing.text.substr(0, drawing.text.find("<style>")) +
                      drawing.text.substr(drawing.text.find("</style>") + 8)) == "");
    CHECK(drawing.text.find("<script") == std::string::npos);
  }
}

TEST_CASE("links lead to files beside the report only", "[report]") {
  CHECK(link_path("../views/results.csv") == "../views/results.csv");
  CHECK(link_path("a b\"c.csv") == "a%20b%22c.csv");
  for (const char* outside : {"javascript:alert(1)", "//host/x", "http://host/x", "\\\\host\\x"})
    CHECK(link_path(outside) == "#");
  CHECK(link_path("folder/a:b") == "folder/a%3Ab");
}

TEST_CASE("a report of partial results says what is missing instead of failing", "[report]") {
  const facts::ReportInput whole = sample_input();
  facts::ReportInput empty;
  facts::ReportInput failed;
  failed.failures = whole.failures;
  facts::ReportInput one = whole;
  std::erase_if(one.table.rows,
                [](const store::ResultRow& row) { return row.model != "1a7c03e9f2"; });
  facts::ReportInput no_speed = whole;
  std::erase_if(no_speed.table.rows,
                [](const store::ResultRow& row) { return !row.device.empty(); });
  facts::ReportInput no_accuracy = whole;
  std::erase_if(no_accuracy.table.rows,
                [](const store::ResultRow& row) { return row.seed.has_value(); });
  for (const facts::ReportInput* input : {&empty, &failed, &one, &no_speed, &no_accuracy}) {
    const Report report = build_report(*input);
    CHECK(xml_problem(markup_of(report.html)) == "");
    CHECK(report.verdict.size() == 3);
    CHECK(report.html.find("nan") == std::string::npos);
  }
  CHECK(build_report(empty).html.find("No model has a result yet") != std::string::npos);
  CHECK(build_report(failed).html.find("cannot be met") != std::string::npos);
  CHECK(sections_of(build_report(no_speed).html)[1] == "head_similarity");
}

TEST_CASE("a drawing of thousands of models is thinned and says how", "[report]") {
  SampleTable table({"width"});
  for (int i = 0; i < 2500; ++i) {
    const std::string id = "m" + std::to_string(i);
    const std::vector<std::string> knobs{std::to_string(i)};
    table.add_trial(id, knobs, 0, "accuracy.top1", 0.5 + 0.0001 * (i * 37 % 997)).samples = 1000;
    table.add_timed(id, knobs, "throughput", 1000 + i * 61 % 1009);
  }
  facts::ReportInput input;
  input.table = table.take();
  const std::string html = build_report(input).html;
  CHECK(html.find("2500 models are more than a drawing shows") != std::string::npos);
  CHECK(html.size() < 3'000'000);
}

}  // namespace
}  // namespace vitlab::report
