#include "report/similarity_page.h"

#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "charts/chart_style.h"
#include "charts/heat_map.h"
#include "core/error.h"
#include "core/text.h"
#include "report/document_parts.h"
#include "report/head_figures.h"
#include "sweep/similarity_metrics.h"

namespace vitlab::report {
namespace {

namespace fs = std::filesystem;

using TableRows = std::vector<std::vector<std::string>>;

struct SimilarityContent {
  const core::Json& document;
  const fs::path& folder;  // of the attention maps
  std::shared_ptr<const HeadFacts> facts;

  std::vector<NamedHeads> heads() const { return {{"", {facts}}}; }
};

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

Blocks number_blocks(const SimilarityContent& content) {
  TableRows rows;
  for (const core::Json& layer : content.document.at("layers"))
    for (const auto& [metric, row] : layer.at("metrics").items())
      rows.push_back({layer.at("layer").get<std::string>(), metric, cell_of(row.at("value")),
                      cell_of(row.at("low")), cell_of(row.at("high")), cell_of(row.at("null")),
                      row.contains("control") ? cell_of(row.at("control").at("value")) : "–"});
  return {
      {Table{"Means over images; low and high: 95 %, bootstrap over images; chance: maps of "
             "different images",
             {"Layer", "Metric", "Value", "Low", "High", "Chance", "Random weights"},
             std::move(rows)}}};
}

Blocks measure_blocks(const SimilarityContent&) {
  TableRows rows;
  for (const sweep::SimilarityMeasure& row : sweep::similarity_measures())
    rows.push_back({std::string(row.name), std::string(row.compares), std::string(row.range),
                    std::string(row.zero), std::string(row.one), std::string(row.caveat)});
  return {{Table{"What the measures are",
                 {"Measure", "Compares", "Range", "0 means", "1 means", "Mind"},
                 std::move(rows)}}};
}

Blocks ablation_blocks(const SimilarityContent& content) {
  if (!content.document.contains("ablation")) return {};
  const core::Json& ablation = content.document.at("ablation");
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
  return {{Table{fmt::format("Changes on {} images; as it is: loss {}, top-1 {} %",
                             ablation.at("images").dump(), cell_of(ablation.at("loss")),
                             points(ablation.at("top1"))),
                 {"Layer", "Head", "Loss without it", "Top-1 without it, points",
                  "Loss with it alone", "Top-1 with it alone, points"},
                 std::move(rows)}}};
}

Blocks comparison_blocks(const SimilarityContent& content) {
  if (!content.document.contains("comparison")) return {};
  const core::Json& comparison = content.document.at("comparison");
  TableRows rows;
  for (const auto& [metric, row] : comparison.at("summary").items())
    rows.push_back({metric, cell_of(row.at("difference")), cell_of(row.at("low")),
                    cell_of(row.at("high")), row.at("layers").dump(), row.at("opposite").dump()});
  return {{Paragraph{comparison.at("sentence").get<std::string>()}},
          {Table{"Less " + comparison.value("against", std::string()) +
                     ", on the same images; low and high: 95 %, bootstrap over images",
                 {"Metric", "Mean difference", "Low", "High", "Layers", "The other way"},
                 std::move(rows)}}};
}

Picture picture_of(const fs::path& folder, const core::Json& name, const std::string& words) {
  const auto file = name.get<std::string>();
  std::ifstream stream(folder / file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (bytes.empty()) throw core::Failure((folder / file).string() + " cannot be read");
  return {file, words, std::move(bytes)};
}

Blocks map_blocks(const SimilarityContent& content) {
  if (!content.document.contains("pictures")) return {};
  Blocks blocks{{Paragraph{
      "How much each place is attended to: by the class token where there is one, else by the "
      "tokens of its window on average. The brightest colour is each map's own largest value. The "
      "files lie beside this page."}}};
  for (const core::Json& picture : content.document.at("pictures")) {
    blocks.push_back({Heading{"Image " + picture.at("image").dump()}});
    blocks.push_back({Pictures{{picture_of(content.folder, picture.at("file"), "itself")}}});
    for (const core::Json& layer : picture.at("layers")) {
      blocks.push_back({Paragraph{layer.at("layer").get<std::string>()}});
      Pictures maps;
      for (const core::Json& file : layer.at("files"))
        maps.pictures.push_back(
            picture_of(content.folder, file, "head " + std::to_string(maps.pictures.size())));
      blocks.push_back({std::move(maps)});
    }
  }
  return blocks;
}

Blocks note_blocks(const SimilarityContent& content) {
  Notes notes;
  for (const core::Json& layer : content.document.at("layers"))
    if (layer.contains("note"))
      notes.sentences.push_back(layer.at("layer").get<std::string>() + ": " +
                                layer.at("note").get<std::string>());
  if (notes.sentences.empty()) return {};
  return {{std::move(notes)}};
}

/// Layers x layers; `key` names what the document holds and the figure.
Figure layers_figure(const core::Json& document, const char* key, const std::string& heading) {
  Figure figure;
  figure.name = key;
  figure.heading = heading;
  if (!document.contains(key)) return figure;
  const core::Json& map = document.at(key);
  charts::HeatMap chart{.id = "",
                        .title = heading,
                        .description = heading + ", in percent.",
                        .x_title = "layer, counted from 1; percent",
                        .groups = {{"", {}}}};
  for (std::size_t i = 0; i < map.at("layers").size(); ++i) {
    charts::HeatRow row{map.at("layers")[i].get<std::string>(), {}};
    for (std::size_t j = 0; j < map.at("values")[i].size(); ++j) {
      charts::HeatCell cell;
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
  draw_both(figure, chart, charts::heat_map);
  return figure;
}

/// Every section and figure of the page in its order.
const std::vector<Part<SimilarityContent>>& similarity_parts() {
  using Content = const SimilarityContent&;
  static const std::vector<Part<SimilarityContent>> parts{
      {"by_depth", "", +[](Content c) { return head_depth_figure(*c.facts); }},
      {"head_pairs", "",
       +[](Content c) { return head_pairs_figure(c.heads(), kinds_of_pairs(*c.facts)); }},
      {"head_importance", "", +[](Content c) { return head_importance_figure(c.heads()); }},
      {"cross_layer", "",
       +[](Content c) {
         return layers_figure(c.document, "cross_layer", "Cosine of attention maps across layers");
       }},
      {"layer_cka", "",
       +[](Content c) {
         return layers_figure(c.document, "layer_cka", "CKA of what layers give out");
       }},
      {"ablation", "Without each head", ablation_blocks},
      {"comparison", "Against another model", comparison_blocks},
      {"maps", "Attention maps", map_blocks},
      {"notes", "Notes", note_blocks},
      {"numbers", "Numbers", number_blocks},
      {"measures", "Measures", measure_blocks}};
  return parts;
}

}  // namespace

std::vector<ReportFile> similarity_files(const core::Json& similarity, const fs::path& folder) {
  const auto facts = std::make_shared<const HeadFacts>(head_facts(similarity));
  const Document document{
      .title = "Similarity of heads: " + similarity.at("model").get<std::string>(),
      .lead = similarity.at("images").dump() +
              " images; weights: " + similarity.value("weights", std::string()) + ".",
      .sections = sections_of(similarity_parts(), SimilarityContent{similarity, folder, facts}),
      .holds_for = "the images and weights"};
  std::vector<ReportFile> files{{"index.html", html_page(document)},
                                {"similarity.json", core::dump_json(similarity, 2) + "\n"},
                                {"similarity.csv", similarity_csv(similarity)}};
  for (ReportFile& drawing : drawing_files(document)) files.push_back(std::move(drawing));
  for (const HeadLayerFacts& layer : facts->layers)
    if (const std::string svg = layer_pairs_drawing(layer, kWideFigure); !svg.empty())
      files.push_back({"heads_" + layer.layer + ".svg", charts::stand_alone(svg)});
  return files;
}

}  // namespace vitlab::report
