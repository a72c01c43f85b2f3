// Writes the report of the sample input into a folder, to look at it.

#include <cstdio>

#include "report/report.h"
#include "sample_input.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: report_preview FOLDER\n", stderr);
    return 2;
  }
  vitlab::write_report(vitlab::build_report(vitlab::sample_input()), argv[1]);
  return 0;
}
