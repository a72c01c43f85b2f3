// Writes a report into a folder, to look at it: of the sample input or of a results.csv.

#include <cstdio>
#include <exception>

#include "guide/guide.h"
#include "report/report.h"
#include "sample_profile.h"

namespace {

vitlab::ReportInput input_of(const char* csv) {
  vitlab::ReportInput input;
  input.title = csv;
  input.table = vitlab::read_results_csv(csv);
  input.guidelines = vitlab::guide(input.table);
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fputs("usage: report_preview FOLDER [results.csv]\n", stderr);
    return 2;
  }
  try {
    const vitlab::ReportInput input = argc == 3 ? input_of(argv[2]) : vitlab::profiled_input();
    write_report(build_report(input), argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "report_preview: %s\n", error.what());
    return 1;
  }
  return 0;
}
