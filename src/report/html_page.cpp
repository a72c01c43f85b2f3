#include <fmt/format.h>

#include "report/html_parts.h"
#include "report/html_shell.h"
#include "report/report_pages.h"

namespace vitlab::report {
namespace {

std::string verdict_html(const std::vector<std::string>& lines) {
  std::string html = "<section class=\"verdict\" id=\"verdict\">\n<h2>In short</h2>\n";
  for (const std::string& line : lines) {
    const std::size_t colon = line.find(':');
    html += fmt::format("<p><b>{}:</b>{}</p>\n", html_text(line.substr(0, colon)),
                        html_text(line.substr(colon + 1)));
  }
  return html + "</section>\n";
}

/// What to fix stands where the roofline has shown why.
void add_figures(PageSections& sections, const ReportContent& content) {
  for (std::size_t i = 0; i < content.figures.size();) {
    const Figure& figure = content.figures[i];
    sections.add(figure.name, figure.heading, figure_group_html(content.figures, i));
    if (figure.name == "roofline") sections.add("ops_to_fix", kOpsHeading, ops_html(content.ops));
  }
}

std::string command_html(const ReportInput& input) {
  std::string html;
  if (!input.command.empty())
    html +=
        "<p>The same command makes these results again; what is finished is "
        "kept:</p>\n<pre><code>" +
        html_text(input.command) + "</code></pre>\n";
  if (input.files.empty()) return html;
  html += "<h3>Raw files</h3>\n<ul>\n";
  for (const RawFile& file : input.files)
    html += fmt::format("<li><a href=\"{}\">{}</a> – {}</li>\n", html_path(file.path),
                        html_text(file.path), html_text(file.what));
  return html + "</ul>\n";
}

std::string models_html(const ReportContent& content) {
  if (content.table.rows.empty()) return "<p>No model has a result yet.</p>\n";
  std::vector<std::string> notes = content.table.notes;
  for (const std::string& sentence : left_out(content.models)) notes.push_back(sentence);
  return model_table_html(content.table, content.models) + notes_html(notes);
}

std::string ratios_html(const SpeedRatioTable& ratios) {
  if (ratios.rows.empty()) return "";
  return plain_table(ratios.columns, ratios.rows, kSpeedRatioHeading) + notes_html(ratios.notes);
}

}  // namespace

std::string html_page(const ReportContent& content) {
  const ReportInput& input = content.input;
  PageSections sections;
  sections.add("models", "Models", models_html(content));
  sections.add("ratios", kSpeedRatioHeading, ratios_html(content.ratios));
  add_figures(sections, content);
  sections.add("guidelines", "Guidelines", guidelines_html(input.guidelines));
  sections.add("failures", "What failed", failures_html(input.failures));
  sections.add("rejected", "Rejected points", rejected_html(input.rejected));
  sections.add("protocol", "Protocol and machine", facts_html(input));
  sections.add("again", "Once more", command_html(input));

  return html_document(input.title, scope_line(content), verdict_html(content.verdict), sections,
                       "Made by vitlab" + (input.date ? " on " + *input.date : std::string()) +
                           ". Numbers hold for the data, recipe, setting and machine named here.");
}

}  // namespace vitlab::report
