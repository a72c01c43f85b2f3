#include "report/html_shell.h"

#include <fmt/format.h>

#include "core/text.h"
#include "report/chart_style.h"
#include "report/html_parts.h"
#include "report/page_parts.h"

namespace vitlab::report {

void PageSections::add(const std::string& anchor, const std::string& heading,
                       const std::string& content) {
  if (content.empty()) return;
  contents_ += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", anchor, core::escape_html(heading));
  body_ += fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}</section>\n", anchor,
                       core::escape_html(heading), content);
}

std::string PageSections::contents() const {
  return "<nav aria-label=\"Contents\"><ul>\n" + contents_ + "</ul></nav>\n";
}

std::string figure_html(const Figure& figure) {
  std::string html = "<figure>\n<div class=\"wide\">" + figure.wide + "</div>\n";
  html += "<div class=\"narrow\">" + figure.narrow + "</div>\n";
  html += "<figcaption>" + html_text(figure.caption) + "</figcaption>\n</figure>\n";
  if (figure.rows.empty()) return html;
  return html + "<details><summary>The numbers</summary>\n" +
         plain_table(figure.columns, figure.rows, "Numbers behind the drawing") + "</details>\n";
}

std::string figure_group_html(const std::vector<Figure>& figures, std::size_t& i) {
  std::string html = figure_html(figures[i]);
  for (++i; i < figures.size() && figures[i].heading.empty(); ++i)
    html += "<details><summary>" + html_text(figures[i].fold) + "</summary>\n" +
            figure_html(figures[i]) + "</details>\n";
  return html;
}

std::string ops_html(const std::vector<OpsTable>& tables) {
  std::string html;
  for (const OpsTable& table : tables)
    html += plain_table(table.columns, table.rows, table.caption);
  return html.empty() ? html : html + notes_html({ops_note()});
}

std::string html_document(const std::string& title, const std::string& lead,
                          const std::string& opening, const PageSections& sections,
                          const std::string& footer) {
  std::string html =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n";
  html += "<title>" + html_text(title) + "</title>\n<style>" + colour_style(":root") +
          std::string(page_style()) + std::string(chart_style()) + "</style>\n</head>\n<body>\n";
  html += "<header>\n<h1>" + html_text(title) + "</h1>\n<p class=\"lead\">" + html_text(lead) +
          "</p>\n</header>\n";
  html += sections.contents() + "<main>\n" + opening + sections.body() + "</main>\n<footer>" +
          html_text(footer) + "</footer>\n";
  return html + "<script>" + std::string(page_script()) + "</script>\n</body>\n</html>\n";
}

}  // namespace vitlab::report
