#include "report/similarity_page.h"

#include <algorithm>
#include <fstream>

#include "core/error.h"
#include "facts/sample_similarity.h"
#include "temporary_folder.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::report {
namespace {

const std::string& file_of(const std::vector<ReportFile>& files, const std::string& name) {
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const ReportFile& file) { return file.name == name; });
  REQUIRE(found != files.end());
  return found->text;
}

std::string page_body(const std::string& html) {
  std::string markup = html.substr(html.find("<body>"));
  markup.erase(markup.find("<script>"), markup.find("</script>") + 9 - markup.find("<script>"));
  return markup.substr(0, markup.find("</html>"));
}

TEST_CASE("a similarity is written up as a page, numbers and drawings", "[report]") {
  const std::vector<ReportFile> files = similarity_files(facts::sample_similarity(0.7), ".");
  std::vector<std::string> names;
  for (const ReportFile& file : files) names.push_back(file.name);
  CHECK(names ==
        std::vector<std::string>{"index.html", "similarity.csv", "by_depth.svg", "head_pairs.svg",
                                 "head_importance.svg", "heads_stages.0.layers.2.svg",
                                 "heads_stages.1.layers.2.svg", "heads_stages.2.layers.2.svg"});
  const std::string& html = file_of(files, "index.html");
  CHECK(xml_problem(page_body(html)) == "");
  for (const char* section : {"by_depth", "head_pairs", "head_importance", "numbers", "measures"})
    CHECK(occurrences(html, "<section id=\"" + std::string(section) + "\">") == 1);
  CHECK(occurrences(file_of(files, "similarity.csv"), "\n") == 1 + 3 * (4 + 4));
  for (const ReportFile& file : files)
    if (file.name.ends_with(".svg")) CHECK(xml_problem(file.text) == "");
}

TEST_CASE("attention maps travel inside the page", "[report]") {
  const TemporaryFolder folder;
  messages::SimilarityAnswer document = facts::sample_similarity(0.7);
  document.pictures = {{.image = 3, .file = "image.png", .layers = {{"a", {"map.png"}}}}};
  CHECK_THROWS_AS(similarity_files(document, folder / "."), core::Failure);
  std::ofstream(folder / "image.png", std::ios::binary) << "ab";
  std::ofstream(folder / "map.png", std::ios::binary) << "Man";
  const std::string html = file_of(similarity_files(document, folder / "."), "index.html");
  CHECK(xml_problem(page_body(html)) == "");
  CHECK(html.find("src=\"data:image/png;base64,YWI=\"") != std::string::npos);
  CHECK(html.find("src=\"data:image/png;base64,TWFu\"") != std::string::npos);
  CHECK(html.find("src=\"map") == std::string::npos);
}

TEST_CASE("bytes are written in base 64 with padding", "[report]") {
  const auto digits = [](std::string_view bytes) { return png_address(bytes).substr(22); };
  CHECK(digits("") == "");
  CHECK(digits("f") == "Zg==");
  CHECK(digits("fo") == "Zm8=");
  CHECK(digits("foobar") == "Zm9vYmFy");
  CHECK(digits("\xff\xfe\xfd") == "//79");
}

TEST_CASE("what a similarity lacks is left out of its page", "[report]") {
  messages::SimilarityAnswer bare = facts::sample_similarity(0.7);
  for (messages::LayerHeads& layer : bare.layers) {
    layer.per_head.clear();
    layer.pairs.clear();
  }
  const std::vector<ReportFile> files = similarity_files(bare, ".");
  CHECK(files.size() == 3);  // page, CSV and by depth
  const std::string& html = file_of(files, "index.html");
  for (const char* section : {"head_pairs", "head_importance", "ablation", "comparison", "maps"})
    CHECK(occurrences(html, "id=\"" + std::string(section) + "\"") == 0);
}

}  // namespace
}  // namespace vitlab::report
