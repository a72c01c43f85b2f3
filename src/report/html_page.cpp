#include <fmt/format.h>

#include "core/text.h"
#include "report/chart_style.h"
#include "report/html_parts.h"
#include "report/page_parts.h"
#include "report/report_pages.h"
#include "report/words.h"

namespace vitlab {
namespace {

/// Sections of a page with their anchors, so that the list of contents cannot disagree with them.
class Sections {
 public:
  void add(const std::string& anchor, const std::string& heading, const std::string& content) {
    if (content.empty()) return;
    contents_ += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", anchor, escape_html(heading));
    body_ += fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}</section>\n", anchor,
                         escape_html(heading), content);
  }
  std::string contents() const {
    return "<nav aria-label=\"Contents\"><ul>\n" + contents_ + "</ul></nav>\n";
  }
  const std::string& body() const { return body_; }

 private:
  std::string contents_;
  std::string body_;
};

std::string verdict_html(const std::vector<std::string>& lines) {
  std::string html = "<section class=\"verdict\" id=\"verdict\">\n<h2>In short</h2>\n";
  for (const std::string& line : lines) {
    const std::size_t colon = line.find(':');
    html += fmt::format("<p><b>{}:</b>{}</p>\n", html_text(line.substr(0, colon)),
                        html_text(line.substr(colon + 1)));
  }
  return html + "</section>\n";
}

std::string figure_html(const Figure& figure) {
  std::string html = "<figure>\n<div class=\"wide\">" + figure.wide + "</div>\n";
  html += "<div class=\"narrow\">" + figure.narrow + "</div>\n";
  html += "<figcaption>" + html_text(figure.caption) + "</figcaption>\n</figure>\n";
  if (figure.rows.empty()) return html;
  return html + "<details><summary>The numbers</summary>\n" +
         plain_table(figure.columns, figure.rows, "Numbers behind the drawing") + "</details>\n";
}

/// A figure without a heading of its own stands in a fold-out of the one before it.
void add_figures(Sections& sections, const std::vector<Figure>& figures) {
  for (std::size_t i = 0; i < figures.size();) {
    const Figure& figure = figures[i];
    std::string html = figure_html(figure);
    for (++i; i < figures.size() && figures[i].heading.empty(); ++i)
      html += "<details><summary>What the paper saw</summary>\n" + figure_html(figures[i]) +
              "</details>\n";
    sections.add(figure.name, figure.heading, html);
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
  Sections sections;
  sections.add("models", "Models", models_html(content));
  sections.add("ratios", kSpeedRatioHeading, ratios_html(content.ratios));
  add_figures(sections, content.figures);
  sections.add("guidelines", "Guidelines", guidelines_html(input.guidelines));
  sections.add("failures", "What failed", failures_html(input.failures));
  sections.add("rejected", "Rejected points", rejected_html(input.rejected));
  sections.add("protocol", "Protocol and machine", facts_html(input));
  sections.add("again", "Once more", command_html(input));

  std::string html =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n";
  html += "<title>" + html_text(input.title) + "</title>\n<style>" + colour_style(":root") +
          std::string(page_style()) + std::string(chart_style()) + "</style>\n</head>\n<body>\n";
  html += "<header>\n<h1>" + html_text(input.title) + "</h1>\n<p class=\"lead\">" +
          html_text(scope_line(content)) + "</p>\n</header>\n";
  html += sections.contents() + "<main>\n" + verdict_html(content.verdict) + sections.body() +
          "</main>\n<footer>Made by vitlab" +
          (input.date ? " on " + html_text(*input.date) : std::string()) +
          ". Numbers hold for the data, recipe, setting and machine named here.</footer>\n";
  return html + "<script>" + std::string(page_script()) + "</script>\n</body>\n</html>\n";
}

}  // namespace vitlab
