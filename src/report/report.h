#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "facts/report_input.h"
#include "report/renderers.h"

namespace vitlab::report {

/// A report in every format; the same input gives the same bytes.
struct Report {
  std::string html;  // index.html: one file, no network, light and dark, readable without script
  std::string markdown;  // report.md: links to the drawings
  std::string latex;     // table.tex: the table of models
  std::string guidelines_json;
  std::vector<ReportFile> drawings;  // SVG files that report.md shows
  std::string ops_csv;               // ops_to_fix.csv; "" without profiles
  std::vector<std::string> verdict;  // three lines: verdict_lines.h
};

/// Writes up whatever the input holds, finished or not.
Report build_report(const facts::ReportInput& input);

/// Writes index.html, report.md, guidelines.json, table.tex, ops_to_fix.csv and the drawings into
/// `folder`, each file whole or not at all; drawings and ops of an earlier report that this one
/// lacks are removed. Other files stay. Throws Failure.
void write_report(const Report& report, const std::filesystem::path& folder);

}  // namespace vitlab::report
