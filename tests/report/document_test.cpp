#include "report/document.h"

#include <algorithm>
#include <iterator>

#include "report/document_parts.h"
#include "report/renderers.h"
#include "report/report_document.h"
#include "sample_profile.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::report {
namespace {

/// What stands between `opening` and `closing`, each time that they occur.
std::vector<std::string> between(const std::string& text, const std::string& opening,
                                 const std::string& closing) {
  std::vector<std::string> found;
  for (std::size_t at = text.find(opening); at != std::string::npos;
       at = text.find(opening, at + 1)) {
    const std::size_t from = at + opening.size();
    found.push_back(text.substr(from, text.find(closing, from) - from));
  }
  return found;
}

Figure figure_of(const std::string& name, const std::string& heading) {
  Figure figure;
  figure.name = name;
  figure.heading = heading;
  figure.fold = "A fold";
  figure.caption = "The caption of " + name;
  figure.wide = figure.narrow = "<svg><desc>d</desc></svg>";
  figure.columns = {"a"};
  figure.rows = {{"1"}};
  return figure;
}

/// A document with a section for each kind of block, which bears its number.
Document one_of_each() {
  const std::vector<Block> blocks{
      {Heading{"text 0"}},
      {Paragraph{"text 1"}},
      {Notes{{"text 2"}}},
      {Table{"text 3", {"text 3"}, {{"text 3"}}}},
      {ModelTable{"c", {{"text 4", "unit", true}}, {{{"5", "n", "6"}}}, {true}, {"a note"}}},
      {figure_of("text 5", "text 5")},
      {Pictures{{{"map.png", "text 6", "bytes"}}}},
      {Advice{"A", "text 7", {"why"}}},
      {Code{"text 8"}},
      {Links{{{"a.csv", "text 9"}}}}};
  Document document{.title = "t", .lead = "l", .verdict = {"Lead: line."}, .holds_for = "all"};
  for (std::size_t i = 0; i < blocks.size(); ++i)
    document.sections.push_back(
        {"anchor" + std::to_string(i), "Section " + std::to_string(i), {blocks[i]}});
  return document;
}

TEST_CASE("every format shows the same sections in the same order", "[report]") {
  const facts::ReportInput input = profiled_input();
  const Document report = report_document(input, facts::report_models(input));
  CHECK(report.sections.size() >= 14);
  for (const Document& document : {report, one_of_each()}) {
    std::vector<std::string> headings;
    for (const Section& section : document.sections) headings.push_back(section.heading);
    const std::string html = html_page(document);
    CHECK(between(html.substr(html.find("</nav>")), "<section id=\"", "\"").size() ==
          headings.size());
    std::vector<std::string> in_html = between(html, "<h2>", "</h2>");
    REQUIRE_FALSE(in_html.empty());
    CHECK(in_html.front() == "In short");  // the verdict stands before all sections
    in_html.erase(in_html.begin());
    CHECK(in_html == headings);
    CHECK(between(html.substr(0, html.find("</nav>")), "<li><a href=\"#", "\"").size() ==
          headings.size());
    CHECK(between(markdown_page(document), "\n## ", "\n") == headings);
    CHECK(between(latex_sections(document), "\\section*{", "}") == headings);
  }
}

TEST_CASE("every format shows every kind of block", "[report]") {
  const Document document = one_of_each();
  REQUIRE(document.sections.size() == std::variant_size_v<decltype(Block::content)>);
  const std::string html = html_page(document), markdown = markdown_page(document);
  const std::string latex = latex_sections(document);
  for (std::size_t i = 0; i < document.sections.size(); ++i) {
    INFO(i);
    CHECK(document.sections[i].blocks.front().content.index() == i);
    for (const std::string* text : {&html, &markdown, &latex})
      CHECK(text->find("text " + std::to_string(i)) != std::string::npos);
  }
  CHECK(occurrences(latex, "\\begin{") == occurrences(latex, "\\end{"));
}

TEST_CASE("pages and texts each leave out what only the other says", "[report]") {
  const Document document{.sections = {{"a",
                                        "Both",
                                        {{Paragraph{"on pages"}, Shown::kOnPages},
                                         {Paragraph{"in texts"}, Shown::kInTexts}}}}};
  CHECK(html_page(document).find("in texts") == std::string::npos);
  CHECK(html_page(document).find("on pages") != std::string::npos);
  for (const std::string& text : {markdown_page(document), latex_sections(document)}) {
    CHECK(text.find("on pages") == std::string::npos);
    CHECK(text.find("in texts") != std::string::npos);
  }
}

TEST_CASE("parts become sections in their order, each with the part that it needs", "[report]") {
  using Content = const int&;
  const std::vector<Part<int>> parts{
      {"first", "",
       +[](Content shown) { return shown > 0 ? figure_of("first", "First") : Figure{}; }},
      {"folded", "", +[](Content) { return figure_of("folded", ""); }, "first"},
      {"none", "None", +[](Content) { return std::vector<Block>{}; }},
      {"last", "Last", +[](Content) { return std::vector<Block>{{Paragraph{"p"}}}; }}};
  const std::vector<Section> sections = sections_of(parts, 1);
  REQUIRE(sections.size() == 2);
  CHECK(sections[0].heading == "First");
  CHECK(sections[0].blocks.size() == 2);
  CHECK(sections[1].anchor == "last");
  CHECK(sections_of(parts, 0).size() == 1);
  const std::vector<Part<int>> misnamed{{"a", "", +[](Content) { return figure_of("b", "B"); }}};
  CHECK_THROWS_AS(sections_of(misnamed, 1), std::logic_error);
}

TEST_CASE("a document's drawings are files, those folded away too", "[report]") {
  const Document document{
      .sections = {{"a", "A", {{figure_of("one", "A")}, {figure_of("two", "")}}}}};
  const std::vector<ReportFile> files = drawing_files(document);
  REQUIRE(files.size() == 2);
  CHECK(files[1].name == "two.svg");
  CHECK(html_page(document).find("<details><summary>A fold</summary>\n<figure>") !=
        std::string::npos);
}

}  // namespace
}  // namespace vitlab::report
