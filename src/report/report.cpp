#include "report/report.h"

#include <algorithm>
#include <system_error>

#include "core/error.h"
#include "core/files.h"
#include "guide/guideline_output.h"
#include "report/chart_style.h"
#include "report/report_pages.h"
#include "report/verdict_lines.h"

namespace vitlab {

Report build_report(const ReportInput& input) {
  const ReportModels models = report_models(input);
  const ReportContent content{input,
                              models,
                              model_table(models),
                              figures(models),
                              verdict_lines(input, models),
                              speed_ratio_table(input, models)};
  Report report;
  report.html = html_page(content);
  report.markdown = markdown_page(content);
  report.latex = latex_table(content.table, input.title);
  report.guidelines_json = dump_json(guide_json(input.guidelines), 2) + "\n";
  for (const Figure& figure : content.figures)
    report.drawings.push_back({figure.name + ".svg", stand_alone(figure.wide)});
  report.verdict = content.verdict;
  return report;
}

void write_report(const Report& report, const std::filesystem::path& folder) {
  write_file_atomically(folder / "index.html", report.html);
  write_file_atomically(folder / "report.md", report.markdown);
  write_file_atomically(folder / "guidelines.json", report.guidelines_json);
  write_file_atomically(folder / "table.tex", report.latex);
  for (const ReportFile& drawing : report.drawings)
    write_file_atomically(folder / drawing.name, drawing.text);
  for (const std::string& name : figure_names()) {
    const std::filesystem::path path = folder / (name + ".svg");
    const bool is_ours =
        std::any_of(report.drawings.begin(), report.drawings.end(),
                    [&](const ReportFile& drawing) { return drawing.name == path.filename(); });
    if (is_ours) continue;
    std::error_code problem;
    std::filesystem::remove(path, problem);
    if (problem) throw Failure(path.string() + ": cannot be removed: " + problem.message());
  }
}

}  // namespace vitlab
