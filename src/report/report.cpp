#include "report/report.h"

#include <algorithm>
#include <system_error>

#include "core/error.h"
#include "core/files.h"
#include "guide/guideline_output.h"
#include "report/op_advice.h"
#include "report/report_document.h"

namespace vitlab::report {
namespace {

constexpr const char* kOpsFile = "ops_to_fix.csv";

void remove_file(const std::filesystem::path& path) {
  std::error_code problem;
  std::filesystem::remove(path, problem);
  if (problem) throw core::Failure(path.string() + ": cannot be removed: " + problem.message());
}

}  // namespace

Report build_report(const facts::ReportInput& input) {
  const facts::ReportModels models = facts::report_models(input);
  const Document document = report_document(input, models);
  Report report;
  report.html = html_page(document);
  report.markdown = markdown_page(document);
  report.latex = latex_sections(table_extract(models, input.title));
  report.guidelines_json = core::dump_json(guide::guide_json(input.guidelines), 2) + "\n";
  report.drawings = drawing_files(document);
  report.ops_csv = ops_csv(models);
  report.verdict = document.verdict;
  return report;
}

void write_report(const Report& report, const std::filesystem::path& folder) {
  core::write_file_atomically(folder / "index.html", report.html);
  core::write_file_atomically(folder / "report.md", report.markdown);
  core::write_file_atomically(folder / "guidelines.json", report.guidelines_json);
  core::write_file_atomically(folder / "table.tex", report.latex);
  for (const ReportFile& drawing : report.drawings)
    core::write_file_atomically(folder / drawing.name, drawing.text);
  std::vector<std::string> lost;
  for (const std::string& name : figure_names())
    if (std::none_of(report.drawings.begin(), report.drawings.end(),
                     [&](const ReportFile& drawing) { return drawing.name == name + ".svg"; }))
      lost.push_back(name + ".svg");
  if (report.ops_csv.empty())
    lost.emplace_back(kOpsFile);
  else
    core::write_file_atomically(folder / kOpsFile, report.ops_csv);
  for (const std::string& name : lost) remove_file(folder / name);
}

}  // namespace vitlab::report
