#include "report/similarity_page.h"

#include <cmath>
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
  const messages::SimilarityAnswer& answer;
  const fs::path& folder;  // of the attention maps
  std::shared_ptr<const messages::HeadSimilarity> heads;

  std::vector<NamedHeads> named() const { return {{"", {heads}}}; }
};

std::string csv_number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? core::shortest(*value) : "";
}

/// A row a metric of a layer, and a row a number of a head.
std::string similarity_csv(const messages::HeadSimilarity& heads) {
  std::string text = "layer,head,metric,value,unit,low,high,null,control\n";
  for (const messages::LayerHeads& layer : heads.layers) {
    const std::string name = core::csv_cell(layer.layer);
    for (const auto& [metric, row] : layer.metrics)
      text += fmt::format("{},,{},{},{},{},{},{},{}\n", name, core::csv_cell(metric),
                          csv_number(row.value), sweep::similarity_unit(metric),
                          csv_number(row.low), csv_number(row.high), csv_number(row.null_value),
                          csv_number(row.control_value()));
    for (const auto& [metric, values] : layer.per_head)
      for (std::size_t head = 0; head < values.size(); ++head)
        text += fmt::format("{},{},{},{},{},,,,\n", name, head, core::csv_cell(metric),
                            csv_number(values[head]), sweep::similarity_unit(metric));
  }
  return text;
}

std::string cell_of(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? core::significant(*value, 4) : std::string("–");
}

Blocks number_blocks(const SimilarityContent& content) {
  TableRows rows;
  for (const messages::LayerHeads& layer : content.answer.layers)
    for (const auto& [metric, row] : layer.metrics)
      rows.push_back({layer.layer, metric, cell_of(row.value), cell_of(row.low), cell_of(row.high),
                      cell_of(row.null_value), cell_of(row.control_value())});
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
  if (!content.answer.ablation) return {};
  const messages::HeadAblations& ablation = *content.answer.ablation;
  const auto points = [](double share) {
    return std::isfinite(share) ? core::significant(100 * share, 3) : std::string("–");
  };
  TableRows rows;
  for (const messages::AblatedLayer& layer : ablation.layers)
    for (const messages::AblatedHead& head : layer.heads)
      rows.push_back({layer.layer, std::to_string(head.head), cell_of(head.removed.loss_change),
                      points(head.removed.top1_change), cell_of(head.left.loss_change),
                      points(head.left.top1_change)});
  return {{Table{fmt::format("Changes on {} images; as it is: loss {}, top-1 {} %", ablation.images,
                             cell_of(ablation.loss), points(ablation.top1)),
                 {"Layer", "Head", "Loss without it", "Top-1 without it, points",
                  "Loss with it alone", "Top-1 with it alone, points"},
                 std::move(rows)}}};
}

Blocks comparison_blocks(const SimilarityContent& content) {
  if (!content.answer.comparison) return {};
  const messages::SimilarityComparison& comparison = *content.answer.comparison;
  TableRows rows;
  for (const auto& [metric, row] : comparison.summary)
    rows.push_back({metric, cell_of(row.difference), cell_of(row.low), cell_of(row.high),
                    std::to_string(row.layers), std::to_string(row.opposite)});
  return {{Paragraph{comparison.sentence}},
          {Table{"Less " + comparison.against +
                     ", on the same images; low and high: 95 %, bootstrap over images",
                 {"Metric", "Mean difference", "Low", "High", "Layers", "The other way"},
                 std::move(rows)}}};
}

Picture picture_of(const fs::path& folder, const std::string& file, const std::string& words) {
  std::ifstream stream(folder / file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (bytes.empty()) throw core::Failure((folder / file).string() + " cannot be read");
  return {file, words, std::move(bytes)};
}

Blocks map_blocks(const SimilarityContent& content) {
  if (content.answer.pictures.empty()) return {};
  Blocks blocks{{Paragraph{
      "How much each place is attended to: by the class token where there is one, else by the "
      "tokens of its window on average. The brightest colour is each map's own largest value. The "
      "files lie beside this page."}}};
  for (const messages::AttentionPictures& picture : content.answer.pictures) {
    blocks.push_back({Heading{"Image " + std::to_string(picture.image)}});
    blocks.push_back({Pictures{{picture_of(content.folder, picture.file, "itself")}}});
    for (const messages::LayerPictures& layer : picture.layers) {
      blocks.push_back({Paragraph{layer.layer}});
      Pictures maps;
      for (const std::string& file : layer.files)
        maps.pictures.push_back(
            picture_of(content.folder, file, "head " + std::to_string(maps.pictures.size())));
      blocks.push_back({std::move(maps)});
    }
  }
  return blocks;
}

Blocks note_blocks(const SimilarityContent& content) {
  Notes notes;
  for (const messages::LayerHeads& layer : content.answer.layers)
    if (!layer.note.empty()) notes.sentences.push_back(layer.layer + ": " + layer.note);
  if (notes.sentences.empty()) return {};
  return {{std::move(notes)}};
}

/// Layers x layers.
Figure layers_figure(const std::optional<messages::LayerMap>& map, const std::string& name,
                     const std::string& heading) {
  Figure figure;
  figure.name = name;
  figure.heading = heading;
  if (!map) return figure;
  charts::HeatMap chart{.id = "",
                        .title = heading,
                        .description = heading + ", in percent.",
                        .x_title = "layer, counted from 1; percent",
                        .groups = {{"", {}}}};
  for (std::size_t i = 0; i < map->layers.size(); ++i) {
    charts::HeatRow row{map->layers[i], {}};
    for (std::size_t j = 0; j < map->values[i].size(); ++j) {
      charts::HeatCell cell;
      if (const auto& value = map->values[i][j]; value && std::isfinite(*value)) {
        cell.share = value;
        cell.tip =
            fmt::format("{} | {} | {}", row.label, map->layers[j], core::significant(*value, 3));
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
      {"by_depth", "", +[](Content c) { return head_depth_figure(*c.heads); }},
      {"head_pairs", "",
       +[](Content c) { return head_pairs_figure(c.named(), kinds_of_pairs(*c.heads)); }},
      {"head_importance", "", +[](Content c) { return head_importance_figure(c.named()); }},
      {"cross_layer", "",
       +[](Content c) {
         return layers_figure(c.answer.cross_layer, "cross_layer",
                              "Cosine of attention maps across layers");
       }},
      {"layer_cka", "",
       +[](Content c) {
         return layers_figure(c.answer.layer_cka, "layer_cka", "CKA of what layers give out");
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

std::vector<ReportFile> similarity_files(const messages::SimilarityAnswer& answer,
                                         const fs::path& folder) {
  const Document document{
      .title = "Similarity of heads: " + answer.model,
      .lead = fmt::format("{} images; weights: {}.", answer.images, answer.weights),
      .sections =
          sections_of(similarity_parts(),
                      SimilarityContent{answer, folder,
                                        std::make_shared<const messages::HeadSimilarity>(answer)}),
      .holds_for = "the images and weights"};
  std::vector<ReportFile> files{{"index.html", html_page(document)},
                                {"similarity.csv", similarity_csv(answer)}};
  for (ReportFile& drawing : drawing_files(document)) files.push_back(std::move(drawing));
  for (const messages::LayerHeads& layer : answer.layers)
    if (const std::string svg = layer_pairs_drawing(layer, kWideFigure); !svg.empty())
      files.push_back({"heads_" + layer.layer + ".svg", charts::stand_alone(svg)});
  return files;
}

}  // namespace vitlab::report
