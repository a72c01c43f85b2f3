#include <fmt/format.h>

#include "core/text.h"
#include "report/html_parts.h"
#include "report/report_pages.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

/// Wraps words at 100 columns, so that the file reads well as text.
std::string wrapped(const std::string& text, const std::string& indent = "") {
  constexpr std::size_t kColumns = 100;
  std::string out, line;
  const auto take = [&](const std::string& word) {
    if (!line.empty() && core::display_width(line) + 1 + core::display_width(word) > kColumns) {
      out += line + "\n";
      line = indent;
      line += word;
    } else {
      line += (line.empty() ? "" : " ") + word;
    }
  };
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t end = std::min(text.find(' ', from), text.size());
    if (end > from) take(text.substr(from, end - from));
    from = end + 1;
  }
  return out + line + "\n";
}

std::string paragraph(const std::string& text) { return wrapped(escape_markdown(text)); }
std::string item(const std::string& text) { return wrapped("- " + escape_markdown(text), "  "); }

std::string table_of(const std::vector<std::string>& columns,
                     const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::string> header;
  for (const std::string& column : columns) header.push_back(escape_markdown(column));
  core::TextTable table(header);
  for (const auto& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& cell : row) cells.push_back(escape_markdown(cell));
    table.add(std::move(cells));
  }
  return table.markdown();
}

std::string models_section(const ReportContent& content) {
  if (content.table.rows.empty()) return "No model has a result yet.\n";
  std::vector<std::string> columns;
  for (const TableColumn& column : content.table.columns)
    columns.push_back(column.unit.empty() ? column.title : column.title + ", " + column.unit);
  std::vector<std::vector<std::string>> rows;
  for (const auto& cells : content.table.rows) {
    std::vector<std::string> row;
    for (const TableCell& cell : cells)
      row.push_back(cell.note.empty() ? cell.text : cell.text + " (" + cell.note + ")");
    rows.push_back(std::move(row));
  }
  std::string text = table_of(columns, rows) + "\n";
  for (const std::string& note : content.table.notes) text += item(note);
  for (const std::string& sentence : left_out(content.models)) text += item(sentence);
  return text;
}

std::string ratios_section(const SpeedRatioTable& ratios) {
  if (ratios.rows.empty()) return "";
  std::string text = table_of(ratios.columns, ratios.rows) + "\n";
  for (const std::string& note : ratios.notes) text += item(note);
  return text;
}

std::string ops_section(const std::vector<OpsTable>& tables) {
  std::string text;
  for (const OpsTable& table : tables)
    text += paragraph(table.caption + ":") + "\n" + table_of(table.columns, table.rows) + "\n";
  return text.empty() ? text : text + item(ops_note());
}

std::string guidelines_section(const guide::GuideResult& result) {
  std::string text = paragraph(guideline_summary(result));
  for (const guide::Guideline& guideline : result.guidelines) {
    text += "\n" + wrapped(fmt::format("**{}** {}", guide::grade_letter(guideline.grade),
                                       escape_markdown(guideline.statement)));
    text += "\n" + item("Scope: " + guideline_scope(guideline));
    text += item("Evidence: " + guideline_evidence(guideline));
    for (const std::string& sentence : guideline.counter_evidence)
      text += item("Against it: " + sentence);
  }
  if (!result.not_supported.empty()) text += "\n### Not supported, and what would settle it\n\n";
  for (const guide::NotSupported& claim : result.not_supported)
    text += item(claim.factor + ", " + metric_words(claim.metric) + ": " + claim.reason + "; " +
                 settling_text(claim));
  if (!result.notes.empty()) text += "\n";
  for (const std::string& note : result.notes) text += item(note);
  return text;
}

std::string failures_section(const std::vector<TrialFailure>& failures) {
  std::vector<std::vector<std::string>> rows;
  for (const TrialFailure& failure : failures)
    rows.push_back({failure.trial, failure.stage, failure.state, failure.reason});
  return rows.empty() ? "" : table_of({"Trial", "Stage", "State", "Reason"}, rows);
}

std::string rejected_section(const std::vector<RejectedPoint>& rejected) {
  std::vector<std::vector<std::string>> rows;
  for (const RejectedPoint& point : rejected) rows.push_back({point.point, point.reason});
  return rows.empty() ? "" : table_of({"Point", "Reason"}, rows);
}

std::string facts_section(const ReportInput& input) {
  std::string text;
  for (const core::Json* json : {&input.protocol, &input.machine}) {
    std::vector<std::vector<std::string>> rows;
    for (const NamedFact& fact : facts_of(*json)) rows.push_back({fact.name, fact.value});
    if (rows.empty()) continue;
    if (!text.empty()) text += "\n";
    text += table_of({json == &input.protocol ? "Protocol" : "Machine", "Value"}, rows);
  }
  return text;
}

/// A fence longer than any run of backticks inside.
std::string code_block(const std::string& code) {
  std::string fence = "```";
  while (code.find(fence) != std::string::npos) fence += '`';
  return fence + "sh\n" + core::printable(code) + "\n" + fence + "\n";
}

std::string command_section(const ReportInput& input) {
  std::string text;
  if (!input.command.empty()) text += code_block(input.command);
  if (!text.empty() && !input.files.empty()) text += "\n";
  for (const RawFile& file : input.files)
    text += wrapped(fmt::format("- [{}]({}) – {}", escape_markdown(file.path), html_path(file.path),
                                escape_markdown(file.what)),
                    "  ");
  return text;
}

}  // namespace

std::string markdown_page(const ReportContent& content) {
  const ReportInput& input = content.input;
  std::string text = "# " + escape_markdown(input.title) + "\n\n" + paragraph(scope_line(content));
  const auto section = [&](const std::string& heading, const std::string& body) {
    if (!body.empty()) text += "\n## " + heading + "\n\n" + body;
  };
  text += "\n";
  for (const std::string& line : content.verdict) {
    const std::size_t colon = line.find(':');
    text += wrapped("- **" + escape_markdown(line.substr(0, colon)) + ":**" +
                        escape_markdown(line.substr(colon + 1)),
                    "  ");
  }
  section("Models", models_section(content));
  section(kSpeedRatioHeading, ratios_section(content.ratios));
  for (std::size_t i = 0; i < content.figures.size(); ++i) {
    const Figure& figure = content.figures[i];
    const std::string body =
        fmt::format("![{}]({}.svg)\n\n",
                    escape_markdown(figure.heading.empty() ? figure.fold : figure.heading),
                    figure.name) +
        paragraph(figure.caption);
    if (figure.heading.empty())
      text += "\n" + body;
    else
      section(figure.heading, body);
    const bool ends_roofline =
        figure.name.starts_with("roofline") &&
        (i + 1 == content.figures.size() || !content.figures[i + 1].heading.empty());
    if (ends_roofline) section(kOpsHeading, ops_section(content.ops));
  }
  section("Guidelines", guidelines_section(input.guidelines));
  section("What failed", failures_section(input.failures));
  section("Rejected points", rejected_section(input.rejected));
  section("Protocol and machine", facts_section(input));
  section("Once more", command_section(input));
  if (input.date) text += "\nMade by vitlab on " + escape_markdown(*input.date) + ".\n";
  return text;
}

}  // namespace vitlab::report
