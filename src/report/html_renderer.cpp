#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "charts/chart_style.h"
#include "charts/svg_writer.h"
#include "report/page_style.h"
#include "report/renderers.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

using charts::xml_text;

constexpr std::size_t kMostRows = 500;

/// Opens a table that scrolls sideways on its own and can be reached by keyboard.
std::string open_table(const std::string& caption, std::string_view classes) {
  return fmt::format(
      "<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"{0}\">\n"
      "<table class=\"{1}\">\n<caption>{0}</caption>\n<thead><tr>",
      xml_text(caption), classes);
}

bool is_number_like(const std::string& text) {
  return !text.empty() && (text.find_first_not_of("0123456789.,+-% –") == std::string::npos);
}

/// Columns whose cells all look like numbers: they are aligned right.
std::vector<bool> number_columns(const Table& table) {
  std::vector<bool> numbers(table.columns.size(), true);
  for (const auto& row : table.rows)
    for (std::size_t c = 0; c < numbers.size(); ++c)
      numbers[c] = numbers[c] && is_number_like(row[c]);
  return numbers;
}

std::string second_line(const std::string& text) {
  return text.empty() ? std::string() : "<small>" + xml_text(text) + "</small>";
}

std::string html(const Heading& heading) { return "<h3>" + xml_text(heading.text) + "</h3>\n"; }

std::string html(const Paragraph& paragraph) { return "<p>" + xml_text(paragraph.text) + "</p>\n"; }

std::string html(const Notes& notes) {
  if (notes.sentences.empty()) return "";
  std::string list = "<ul class=\"notes\">\n";
  for (const std::string& note : notes.sentences) list += "<li>" + xml_text(note) + "</li>\n";
  return list + "</ul>\n";
}

std::string html(const Table& table) {
  const std::size_t shown = std::min(table.rows.size(), kMostRows);
  const std::string all =
      shown == table.rows.size()
          ? table.caption
          : fmt::format("{} (the first {} of {} rows)", table.caption, shown, table.rows.size());
  const std::vector<bool> numbers = number_columns(table);
  std::string text = open_table(all, "sortable");
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    text += fmt::format("<th scope=\"col\"{}>{}</th>", numbers[c] ? " class=\"n\"" : "",
                        xml_text(table.columns[c]));
  text += "</tr></thead>\n<tbody>\n";
  for (std::size_t r = 0; r < shown; ++r) {
    text += "<tr>";
    for (std::size_t c = 0; c < table.columns.size(); ++c)
      text += fmt::format("<td class=\"{}\">{}</td>", numbers[c] ? "n" : "wrap",
                          xml_text(table.rows[r][c]));
    text += "</tr>\n";
  }
  return text + "</tbody>\n</table>\n</div>\n";
}

std::string html(const ModelTable& table) {
  std::string text = open_table(table.caption, "sortable models");
  for (const TableColumn& column : table.columns)
    text += fmt::format("<th scope=\"col\"{}>{}{}</th>", column.is_number ? " class=\"n\"" : "",
                        xml_text(column.title), second_line(column.unit));
  text += "</tr></thead>\n<tbody>\n";
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    text += table.is_front[r] ? "<tr class=\"front\">" : "<tr>";
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const TableCell& cell = table.rows[r][c];
      const std::string sort =
          cell.sort.empty() ? "" : fmt::format(" data-v=\"{}\"", xml_text(cell.sort));
      const std::string_view element = c == 0 ? "th scope=\"row\"" : "td";
      text += fmt::format("<{}{}{}>{}{}</{}>", element,
                          table.columns[c].is_number ? " class=\"n\"" : "", sort,
                          xml_text(cell.text), second_line(cell.note), c == 0 ? "th" : "td");
    }
    text += "</tr>\n";
  }
  return text + "</tbody>\n</table>\n</div>\n" + html(Notes{table.notes});
}

std::string details(const std::string& summary, const std::string& content) {
  return "<details><summary>" + xml_text(summary) + "</summary>\n" + content + "</details>\n";
}

/// A drawing in both widths, its caption and its numbers; folded away without a heading.
std::string html(const Figure& figure) {
  std::string text = "<figure>\n<div class=\"wide\">" + figure.wide + "</div>\n";
  text += "<div class=\"narrow\">" + figure.narrow + "</div>\n";
  text += "<figcaption>" + xml_text(figure.caption) + "</figcaption>\n</figure>\n";
  if (!figure.rows.empty())
    text += details("The numbers",
                    html(Table{"Numbers behind the drawing", figure.columns, figure.rows}));
  return figure.heading.empty() ? details(figure.fold, text) : text;
}

std::string html(const Pictures& pictures) {
  std::string text = "<div class=\"maps\">";
  for (const Picture& picture : pictures.pictures)
    text += fmt::format(
        "<figure class=\"map\"><img src=\"{0}\" alt=\"{1}\" title=\"{1}\" width=\"112\"/>"
        "<figcaption>{2}</figcaption></figure>\n",
        png_address(picture.bytes), xml_text(picture.file), xml_text(picture.words));
  return text + "</div>\n";
}

std::string html(const Advice& advice) {
  std::string text = fmt::format(
      "<div class=\"advice\">\n<p class=\"statement\"><span class=\"grade\">{}</span>{}</p>\n",
      xml_text(advice.grade), xml_text(advice.statement));
  for (const std::string& sentence : advice.sentences) text += second_line(sentence) + "\n";
  return text + "</div>\n";
}

std::string html(const Code& code) {
  return "<pre><code>" + xml_text(code.text) + "</code></pre>\n";
}

std::string html(const Links& links) {
  std::string text = "<ul>\n";
  for (const facts::RawFile& file : links.files)
    text += fmt::format("<li><a href=\"{}\">{}</a> – {}</li>\n", link_path(file.path),
                        xml_text(file.path), xml_text(file.what));
  return text + "</ul>\n";
}

std::string html_body(const Section& section) {
  std::string text;
  for (const Block& block : section.blocks)
    if (block.shown != Shown::kInTexts)
      text += std::visit([](const auto& content) { return html(content); }, block.content);
  return text;
}

std::string verdict_html(const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string text = "<section class=\"verdict\" id=\"verdict\">\n<h2>In short</h2>\n";
  for (const std::string& line : lines) {
    const std::size_t colon = line.find(':');
    text += fmt::format("<p><b>{}:</b>{}</p>\n", xml_text(line.substr(0, colon)),
                        xml_text(line.substr(colon + 1)));
  }
  return text + "</section>\n";
}

std::string head_html(const Document& document) {
  std::string text =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n";
  text += "<title>" + xml_text(document.title) + "</title>\n<style>" +
          charts::colour_style(":root") + std::string(page_style()) +
          std::string(charts::chart_style()) + "</style>\n</head>\n<body>\n";
  return text + "<header>\n<h1>" + xml_text(document.title) + "</h1>\n<p class=\"lead\">" +
         xml_text(document.lead) + "</p>\n</header>\n";
}

}  // namespace

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

std::string html_page(const Document& document) {
  std::string contents, sections;
  for (const Section& section : document.sections) {
    const std::string body = html_body(section);
    if (body.empty()) continue;
    const std::string heading = xml_text(section.heading);
    contents += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", section.anchor, heading);
    sections += fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}</section>\n", section.anchor,
                            heading, body);
  }
  const std::string footer =
      fmt::format("Made by vitlab{}. Numbers hold for {} named here.",
                  document.date ? " on " + *document.date : "", document.holds_for);
  return head_html(document) + "<nav aria-label=\"Contents\"><ul>\n" + contents +
         "</ul></nav>\n<main>\n" + verdict_html(document.verdict) + sections + "</main>\n<footer>" +
         xml_text(footer) + "</footer>\n<script>" + std::string(page_script()) +
         "</script>\n</body>\n</html>\n";
}

std::vector<ReportFile> drawing_files(const Document& document) {
  std::vector<ReportFile> files;
  for (const Section& section : document.sections)
    for (const Block& block : section.blocks)
      if (const Figure* figure = std::get_if<Figure>(&block.content))
        files.push_back({figure->name + ".svg", charts::stand_alone(figure->wide)});
  return files;
}

}  // namespace vitlab::report
