#include <cstdlib>
#include <fstream>
#include <iterator>

#include "report/report.h"
#include "sample_profile.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::report {
namespace {

TEST_CASE("the Markdown of the sample report is the approved text", "[report]") {
  const std::string path = std::string(VITLAB_SOURCE_DIR) + "/tests/golden/report.md";
  const std::string markdown = build_report(profiled_input()).markdown;
  if (std::getenv("VITLAB_APPROVE") != nullptr) std::ofstream(path, std::ios::binary) << markdown;
  std::ifstream file(path, std::ios::binary);
  const std::string approved{std::istreambuf_iterator<char>(file), {}};
  CHECK(markdown == approved);
}

TEST_CASE("every drawing that the Markdown shows is one of the report's files", "[report]") {
  const Report report = build_report(profiled_input());
  CHECK(occurrences(report.markdown, "![") == static_cast<int>(report.drawings.size()));
  for (const ReportFile& drawing : report.drawings)
    CHECK(report.markdown.find("(" + drawing.name + ")") != std::string::npos);
}

}  // namespace
}  // namespace vitlab::report
