// Writes a report into a folder, to look at it: of the sample input, of a results.csv, or of
// what `vitlab profile --json` printed.

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string_view>

#include "core/files.h"
#include "guide/guide.h"
#include "report/profile_page.h"
#include "report/report.h"
#include "sample_profile.h"

namespace {

vitlab::facts::ReportInput input_of(const char* csv) {
  vitlab::facts::ReportInput input;
  input.title = csv;
  input.table = vitlab::store::read_results_csv(csv);
  input.guidelines = vitlab::guide::guide(input.table);
  return input;
}

void write_profile(const char* json, const char* folder) {
  std::ifstream file(json);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  vitlab::core::Json document = vitlab::core::parse_json(text, json);
  document.erase("schema");
  document.erase("command");
  const auto profile = vitlab::core::from_json<vitlab::messages::ProfileAnswer>(document, json);
  for (const vitlab::report::ReportFile& written : vitlab::report::profile_files(profile))
    vitlab::core::write_file_atomically(std::filesystem::path(folder) / written.name, written.text);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fputs("usage: report_preview FOLDER [results.csv | profile.json]\n", stderr);
    return 2;
  }
  try {
    if (argc == 3 && std::string_view(argv[2]).ends_with(".json")) {
      write_profile(argv[2], argv[1]);
      return 0;
    }
    const vitlab::facts::ReportInput input =
        argc == 3 ? input_of(argv[2]) : vitlab::report::profiled_input();
    vitlab::report::write_report(vitlab::report::build_report(input), argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "report_preview: %s\n", error.what());
    return 1;
  }
  return 0;
}
