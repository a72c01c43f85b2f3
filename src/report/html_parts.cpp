#include "report/html_parts.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "core/text.h"
#include "report/report_pages.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

constexpr std::size_t kMostRows = 500;

/// Opens a table that scrolls sideways on its own and can be reached by keyboard.
std::string open_table(const std::string& caption, std::string_view classes) {
  return fmt::format(
      "<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"{0}\">\n"
      "<table class=\"{1}\">\n<caption>{0}</caption>\n",
      html_text(caption), classes);
}

bool is_number_like(const std::string& text) {
  return !text.empty() && (text.find_first_not_of("0123456789.,+-% –") == std::string::npos);
}

std::vector<bool> number_columns(std::size_t columns,
                                 const std::vector<std::vector<std::string>>& rows) {
  std::vector<bool> numbers(columns, true);
  for (const auto& row : rows)
    for (std::size_t c = 0; c < columns; ++c) numbers[c] = numbers[c] && is_number_like(row[c]);
  return numbers;
}

std::string guideline_html(const guide::Guideline& guideline) {
  std::string html = fmt::format(
      "<div class=\"advice\">\n<p class=\"statement\"><span class=\"grade\">{}</span>{}</p>\n",
      guide::grade_letter(guideline.grade), html_text(guideline.statement));
  html += "<small>Scope: " + html_text(guideline_scope(guideline)) + "</small>\n";
  html += "<small>Evidence: " + html_text(guideline_evidence(guideline)) + "</small>\n";
  for (const std::string& sentence : guideline.counter_evidence)
    html += "<small>Against it: " + html_text(sentence) + "</small>\n";
  return html + "</div>\n";
}

}  // namespace

std::string html_text(std::string_view text) { return core::escape_html(core::printable(text)); }

std::string html_path(std::string_view path) {
  const std::size_t colon = path.find(':');
  const bool has_scheme = colon != std::string_view::npos && colon < path.find('/');
  if (has_scheme || path.starts_with("//") || path.find('\\') != std::string_view::npos) return "#";
  constexpr std::string_view kPlain = "-_./~";
  std::string out;
  for (const char c : path) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || kPlain.find(c) != std::string_view::npos;
    out += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string png_address(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out = "data:image/png;base64,";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t taken = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < taken ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      out += j <= taken ? kDigits[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

std::string plain_table(const std::vector<std::string>& columns,
                        const std::vector<std::vector<std::string>>& rows,
                        const std::string& caption) {
  const std::size_t shown = std::min(rows.size(), kMostRows);
  const std::string all = shown == rows.size() ? caption
                                               : fmt::format("{} (the first {} of {} rows)",
                                                             caption, shown, rows.size());
  const std::vector<bool> numbers = number_columns(columns.size(), rows);
  std::string html = open_table(all, "sortable") + "<thead><tr>";
  for (std::size_t c = 0; c < columns.size(); ++c)
    html += fmt::format("<th scope=\"col\"{}>{}</th>", numbers[c] ? " class=\"n\"" : "",
                        html_text(columns[c]));
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t r = 0; r < shown; ++r) {
    html += "<tr>";
    for (std::size_t c = 0; c < columns.size(); ++c)
      html +=
          fmt::format("<td class=\"{}\">{}</td>", numbers[c] ? "n" : "wrap", html_text(rows[r][c]));
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n</div>\n";
}

std::string model_table_html(const ModelTable& table, const ReportModels& models) {
  std::string html = open_table("Bold: on the Pareto front", "sortable models") + "<thead><tr>";
  const auto second_line = [](const std::string& text) {
    return text.empty() ? std::string() : "<small>" + html_text(text) + "</small>";
  };
  for (const TableColumn& column : table.columns)
    html += fmt::format("<th scope=\"col\"{}>{}{}</th>", column.is_number ? " class=\"n\"" : "",
                        html_text(column.title), second_line(column.unit));
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    html += models.models[r].is_on_front ? "<tr class=\"front\">" : "<tr>";
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const TableCell& cell = table.rows[r][c];
      const std::string sort =
          cell.sort.empty() ? "" : fmt::format(" data-v=\"{}\"", html_text(cell.sort));
      const std::string_view element = c == 0 ? "th scope=\"row\"" : "td";
      html += fmt::format("<{}{}{}>{}{}</{}>", element,
                          table.columns[c].is_number ? " class=\"n\"" : "", sort,
                          html_text(cell.text), second_line(cell.note), c == 0 ? "th" : "td");
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n</div>\n";
}

std::string notes_html(const std::vector<std::string>& notes) {
  if (notes.empty()) return "";
  std::string html = "<ul class=\"notes\">\n";
  for (const std::string& note : notes) html += "<li>" + html_text(note) + "</li>\n";
  return html + "</ul>\n";
}

std::string guidelines_html(const guide::GuideResult& result) {
  std::string html = fmt::format("<p>{}</p>\n", html_text(guideline_summary(result)));
  for (const guide::Guideline& guideline : result.guidelines) html += guideline_html(guideline);
  if (!result.not_supported.empty()) {
    std::vector<std::vector<std::string>> rows;
    for (const guide::NotSupported& claim : result.not_supported)
      rows.push_back(
          {claim.factor, metric_words(claim.metric), claim.reason, settling_text(claim)});
    html += "<h3>Not supported, and what would settle it</h3>\n" +
            plain_table({"Factor", "Metric", "Why not", "What would settle it"}, rows,
                        "Claims that these results do not carry");
  }
  return html + notes_html(result.notes);
}

std::string failures_html(const std::vector<TrialFailure>& failures) {
  if (failures.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const TrialFailure& failure : failures)
    rows.push_back({failure.trial, failure.stage, failure.state, failure.reason});
  return plain_table({"Trial", "Stage", "State", "Reason"}, rows,
                     counted(static_cast<std::int64_t>(rows.size()), "stage") +
                         " did not end well; nothing of them is in the numbers above");
}

std::string rejected_html(const std::vector<RejectedPoint>& rejected) {
  if (rejected.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const RejectedPoint& point : rejected) rows.push_back({point.point, point.reason});
  return plain_table(
      {"Point", "Reason"}, rows,
      counted(static_cast<std::int64_t>(rows.size()), "point") + " of the sweep gave no model");
}

std::string facts_html(const ReportInput& input) {
  std::string html;
  const auto add = [&](const core::Json& json, const std::string& caption) {
    std::vector<std::vector<std::string>> rows;
    for (const NamedFact& fact : facts_of(json)) rows.push_back({fact.name, fact.value});
    if (!rows.empty()) html += plain_table({"Setting", "Value"}, rows, caption);
  };
  add(input.protocol, "How it was measured");
  add(input.machine, "On what it was measured");
  return html;
}

}  // namespace vitlab::report
