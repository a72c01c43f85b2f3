#include "report/similarity_page.h"

#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "core/error.h"
#include "core/text.h"
#include "report/chart_style.h"
#include "report/head_figures.h"
#include "report/heat_map.h"
#include "report/html_parts.h"
#include "report/html_shell.h"
#include "sweep/similarity_metrics.h"

namespace vitlab::report {
namespace {

namespace fs = std::filesystem;

using TableRows = std::vector<std::vector<std::string>>;

std::string csv_number(const core::Json& value) {
  return value.is_number() ? core::shortest(value.get<double>()) : "";
}

/// A row a metric of a layer, and a row a number of a head.
std::string similarity_csv(const core::Json& document) {
  std::string text = "layer,head,metric,value,unit,low,high,null,control\n";
  for (const core::Json& layer : document.at("layers")) {
    const std::string name = core::csv_cell(layer.at("layer").get<std::string>());
    for (const auto& [metric, row] : layer.at("metrics").items()) {
      const core::Json control =
          row.contains("control") ? row.at("control").at("value") : core::Json(nullptr);
      text += fmt::format("{},,{},{},{},{},{},{},{}\n", name, core::csv_cell(metric),
                          csv_number(row.at("value")), sweep::similarity_unit(metric),
                          csv_number(row.at("low")), csv_number(row.at("high")),
                          csv_number(row.at("null")), csv_number(control));
    }
    for (const auto& [metric, values] : layer.at("per_head").items())
      for (std::size_t head = 0; head < values.size(); ++head)
        text += fmt::format("{},{},{},{},{},,,,\n", name, head, core::csv_cell(metric),
                            csv_number(values[head]), sweep::similarity_unit(metric));
  }
  return text;
}

std::string cell_of(const core::Json& value) {
  return value.is_number() ? core::significant(value.get<double>(), 4) : std::string("–");
}

std::string metric_table(const core::Json& document) {
  TableRows rows;
  for (const core::Json& layer : document.at("layers"))
    for (const auto& [metric, row] : layer.at("metrics").items())
      rows.push_back({layer.at("layer").get<std::string>(), metric, cell_of(row.at("value")),
                      cell_of(row.at("low")), cell_of(row.at("high")), cell_of(row.at("null")),
                      row.contains("control") ? cell_of(row.at("control").at("value")) : "–"});
  return plain_table({"Layer", "Metric", "Value", "Low", "High", "Chance", "Random weights"}, rows,
                     "Means over images; low and high: 95 %, bootstrap over images; chance: maps "
                     "of different images");
}

std::string measure_table() {
  TableRows rows;
  for (const sweep::SimilarityMeasure& row : sweep::similarity_measures())
    rows.push_back({std::string(row.name), std::string(row.compares), std::string(row.range),
                    std::string(row.zero), std::string(row.one), std::string(row.caveat)});
  return plain_table({"Measure", "Compares", "Range", "0 means", "1 means", "Mind"}, rows,
                     "What the measures are");
}

std::string ablation_html(const core::Json& document) {
  if (!document.contains("ablation")) return "";
  const core::Json& ablation = document.at("ablation");
  const auto points = [](const core::Json& share) {
    return share.is_number() ? core::significant(100 * share.get<double>(), 3) : std::string("–");
  };
  TableRows rows;
  for (const core::Json& layer : ablation.at("layers"))
    for (const core::Json& head : layer.at("heads")) {
      std::vector<std::string> row{layer.at("layer").get<std::string>(), head.at("head").dump()};
      for (const char* what : {"removed", "left"}) {
        row.push_back(cell_of(head.at(what).at("loss_change")));
        row.push_back(points(head.at(what).at("top1_change")));
      }
      rows.push_back(std::move(row));
    }
  return plain_table({"Layer", "Head", "Loss without it", "Top-1 without it, points",
                      "Loss with it alone", "Top-1 with it alone, points"},
                     rows,
                     fmt::format("Changes on {} images; as it is: loss {}, top-1 {} %",
                                 ablation.at("images").dump(), cell_of(ablation.at("loss")),
                                 points(ablation.at("top1"))));
}

std::string comparison_html(const core::Json& document) {
  if (!document.contains("comparison")) return "";
  const core::Json& comparison = document.at("comparison");
  TableRows rows;
  for (const auto& [metric, row] : comparison.at("summary").items())
    rows.push_back({metric, cell_of(row.at("difference")), cell_of(row.at("low")),
                    cell_of(row.at("high")), row.at("layers").dump(), row.at("opposite").dump()});
  return "<p>" + html_text(comparison.at("sentence").get<std::string>()) + "</p>\n" +
         plain_table({"Metric", "Mean difference", "Low", "High", "Layers", "The other way"}, rows,
                     "Less " + comparison.value("against", std::string()) +
                         ", on the same images; low and high: 95 %, bootstrap over images");
}

std::string picture_html(const core::Json& document, const fs::path& folder) {
  if (!document.contains("pictures")) return "";
  const auto image = [&](const std::string& file, const std::string& words) {
    std::ifstream stream(folder / file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    if (bytes.empty()) throw core::Failure((folder / file).string() + " cannot be read");
    return fmt::format(
        "<figure class=\"map\"><img src=\"{}\" alt=\"{}\" title=\"{}\" width=\"112\"/>"
        "<figcaption>{}</figcaption></figure>\n",
        png_address(bytes), html_text(file), html_text(file), html_text(words));
  };
  std::string html =
      "<p>How much each place is attended to: by the class token where there is one, else by the "
      "tokens of its window on average. The brightest colour is each map's own largest value. The "
      "files lie beside this page.</p>\n";
  for (const core::Json& picture : document.at("pictures")) {
    const std::string number = "Image " + picture.at("image").dump();
    html += "<h3>" + number + "</h3>\n<div class=\"maps\">" +
            image(picture.at("file").get<std::string>(), "itself") + "</div>\n";
    for (const core::Json& layer : picture.at("layers")) {
      html +=
          "<p>" + html_text(layer.at("layer").get<std::string>()) + "</p>\n<div class=\"maps\">";
      std::size_t head = 0;
      for (const core::Json& file : layer.at("files"))
        html += image(file.get<std::string>(), "head " + std::to_string(head++));
      html += "</div>\n";
    }
  }
  return html;
}

/// Layers x layers; `key` names what the document holds and the figure.
Figure layers_figure(const core::Json& document, const char* key, const std::string& heading) {
  Figure figure;
  figure.name = key;
  figure.heading = heading;
  if (!document.contains(key)) return figure;
  const core::Json& map = document.at(key);
  HeatMap chart{.id = "",
                .title = heading,
                .description = heading + ", in percent.",
                .x_title = "layer, counted from 1; percent",
                .groups = {{"", {}}}};
  for (std::size_t i = 0; i < map.at("layers").size(); ++i) {
    HeatRow row{map.at("layers")[i].get<std::string>(), {}};
    for (std::size_t j = 0; j < map.at("values")[i].size(); ++j) {
      HeatCell cell;
      if (const core::Json& value = map.at("values")[i][j]; value.is_number()) {
        cell.share = value.get<double>();
        cell.tip = fmt::format("{} | {} | {}", row.label, map.at("layers")[j].get<std::string>(),
                               core::significant(*cell.share, 3));
      }
      row.cells.push_back(cell);
    }
    chart.groups.front().rows.push_back(std::move(row));
  }
  figure.caption =
      "Columns are the rows' layers in the same order; none where maps differ in size.";
  draw_both(figure, chart, heat_map);
  return figure;
}

std::vector<Figure> similarity_figures(const core::Json& document,
                                       const std::shared_ptr<const HeadFacts>& facts) {
  const std::vector<NamedHeads> heads{{"", {facts}}};
  std::vector<Figure> figures;
  for (Figure& figure : std::vector<Figure>{
           head_depth_figure(*facts), head_pairs_figure(heads, kinds_of_pairs(*facts)),
           head_importance_figure(heads),
           layers_figure(document, "cross_layer", "Cosine of attention maps across layers"),
           layers_figure(document, "layer_cka", "CKA of what layers give out")})
    if (!figure.wide.empty()) figures.push_back(std::move(figure));
  return figures;
}

std::string page_html(const core::Json& document, const std::vector<Figure>& figures,
                      const fs::path& folder) {
  PageSections sections;
  for (std::size_t i = 0; i < figures.size();) {
    const Figure& figure = figures[i];
    sections.add(figure.name, figure.heading, figure_group_html(figures, i));
  }
  sections.add("ablation", "Without each head", ablation_html(document));
  sections.add("comparison", "Against another model", comparison_html(document));
  sections.add("maps", "Attention maps", picture_html(document, folder));
  std::vector<std::string> notes;
  for (const core::Json& layer : document.at("layers"))
    if (layer.contains("note"))
      notes.push_back(layer.at("layer").get<std::string>() + ": " +
                      layer.at("note").get<std::string>());
  sections.add("notes", "Notes", notes_html(notes));
  sections.add("numbers", "Numbers", metric_table(document));
  sections.add("measures", "Measures", measure_table());
  return html_document("Similarity of heads: " + document.at("model").get<std::string>(),
                       document.at("images").dump() +
                           " images; weights: " + document.value("weights", std::string()) + ".",
                       "", sections,
                       "Made by vitlab. Numbers hold for the images and weights named here.");
}

}  // namespace

std::vector<ReportFile> similarity_files(const core::Json& similarity, const fs::path& folder) {
  const auto facts = std::make_shared<const HeadFacts>(head_facts(similarity));
  const std::vector<Figure> figures = similarity_figures(similarity, facts);
  std::vector<ReportFile> files{{"index.html", page_html(similarity, figures, folder)},
                                {"similarity.json", core::dump_json(similarity, 2) + "\n"},
                                {"similarity.csv", similarity_csv(similarity)}};
  for (const Figure& figure : figures)
    files.push_back({figure.name + ".svg", stand_alone(figure.wide)});
  for (const HeadLayerFacts& layer : facts->layers)
    if (const std::string svg = layer_pairs_drawing(layer, kWideFigure); !svg.empty())
      files.push_back({"heads_" + layer.layer + ".svg", stand_alone(svg)});
  return files;
}

}  // namespace vitlab::report
