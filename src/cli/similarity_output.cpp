#include "cli/similarity_output.h"

#include <string>
#include <vector>

#include "cli/similarity_drawings.h"
#include "core/files.h"
#include "core/text.h"
#include "report/chart_style.h"
#include "report/html_parts.h"
#include "report/html_shell.h"
#include "sweep/similarity_metrics.h"

namespace vitlab {

namespace fs = std::filesystem;

namespace {

std::string csv_number(const Json& value) {
  return value.is_number() ? shortest(value.get<double>()) : "";
}

/// A row a metric of a layer, and a row a number of a head.
std::string similarity_csv(const Json& document) {
  std::string text = "layer,head,metric,value,unit,low,high,null,control\n";
  for (const Json& layer : document.at("layers")) {
    const std::string name = csv_cell(layer.at("layer").get<std::string>());
    for (const auto& [metric, row] : layer.at("metrics").items()) {
      const Json control = row.contains("control") ? row.at("control").at("value") : Json(nullptr);
      text += name + ",," + csv_cell(metric) + "," + csv_number(row.at("value")) + "," +
              std::string(similarity_unit(metric)) + "," + csv_number(row.at("low")) + "," +
              csv_number(row.at("high")) + "," + csv_number(row.at("null")) + "," +
              csv_number(control) + "\n";
    }
    for (const auto& [metric, values] : layer.at("per_head").items())
      for (std::size_t head = 0; head < values.size(); ++head)
        text += name + "," + std::to_string(head) + "," + csv_cell(metric) + "," +
                csv_number(values[head]) + "," + std::string(similarity_unit(metric)) + ",,,,\n";
  }
  return text;
}

std::string metric_table(const Json& document) {
  const auto cell = [](const Json& value) {
    return value.is_number() ? significant(value.get<double>(), 4) : std::string("-");
  };
  std::vector<std::vector<std::string>> rows;
  for (const Json& layer : document.at("layers"))
    for (const auto& [metric, row] : layer.at("metrics").items())
      rows.push_back({layer.at("layer").get<std::string>(), metric, cell(row.at("value")),
                      cell(row.at("low")), cell(row.at("high")), cell(row.at("null")),
                      row.contains("control") ? cell(row.at("control").at("value")) : "-"});
  return plain_table({"layer", "metric", "value", "low", "high", "null", "random weights"}, rows,
                     "Means over images; intervals: 95 %, bootstrap over images; null: images "
                     "shuffled");
}

std::string measure_table() {
  std::vector<std::vector<std::string>> rows;
  for (const SimilarityMeasure& row : similarity_measures())
    rows.push_back({std::string(row.name), std::string(row.compares), std::string(row.range),
                    std::string(row.zero), std::string(row.one), std::string(row.caveat)});
  return plain_table({"measure", "compares", "range", "0 means", "1 means", "mind"}, rows,
                     "What the measures are");
}

std::string picture_html(const Json& pictures) {
  std::string html;
  const auto image = [](const std::string& file, const std::string& words) {
    return "<img src=\"" + html_path(file) + "\" alt=\"" + html_text(words) + "\" title=\"" +
           html_text(words) + "\" width=\"112\"> ";
  };
  for (const Json& picture : pictures) {
    const std::string number = "image " + picture.at("image").dump();
    html += "<h3>" + html_text(number) + "</h3>\n<p>" +
            image(picture.at("file").get<std::string>(), number) + "</p>\n";
    for (const Json& layer : picture.at("layers")) {
      html += "<p>" + html_text(layer.at("layer").get<std::string>()) + "<br>";
      std::size_t head = 0;
      for (const Json& file : layer.at("files"))
        html += image(file.get<std::string>(), "head " + std::to_string(head++));
      html += "</p>\n";
    }
  }
  return html;
}

std::string page_html(const Json& document, const std::vector<SimilarityDrawing>& drawings) {
  PageSections sections;
  std::string figures;
  for (const SimilarityDrawing& drawing : drawings)
    figures += "<h3>" + html_text(drawing.heading) + "</h3>\n" + drawing.svg;
  sections.add("drawings", "Drawings", figures);
  sections.add("maps", "Attention maps",
               document.contains("pictures") ? picture_html(document.at("pictures")) : "");
  std::vector<std::string> notes;
  for (const Json& layer : document.at("layers"))
    if (layer.contains("note"))
      notes.push_back(layer.at("layer").get<std::string>() + ": " +
                      layer.at("note").get<std::string>());
  if (document.contains("comparison"))
    notes.push_back(document.at("comparison").at("sentence").get<std::string>());
  sections.add("notes", "Notes", notes_html(notes));
  sections.add("numbers", "Numbers", metric_table(document));
  sections.add("measures", "Measures", measure_table());
  const std::string name = document.at("model").get<std::string>();
  return html_document("Similarity of heads: " + name,
                       document.at("images").dump() +
                           " images; weights: " + document.value("weights", std::string()),
                       "", sections, "vitlab similarity");
}

}  // namespace

void write_similarity_output(const Json& document, const fs::path& folder) {
  write_file_atomically(folder / "similarity.json", dump_json(document, 2) + "\n");
  write_file_atomically(folder / "similarity.csv", similarity_csv(document));
  std::vector<SimilarityDrawing> drawings;
  for (const auto draw : {depth_drawings, importance_drawings, layer_map_drawings, pair_drawings})
    for (SimilarityDrawing& drawing : draw(document)) {
      write_file_atomically(folder / drawing.file, stand_alone(drawing.svg));
      drawings.push_back(std::move(drawing));
    }
  write_file_atomically(folder / "index.html", page_html(document, drawings));
}

}  // namespace vitlab
