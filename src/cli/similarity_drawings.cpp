#include "cli/similarity_drawings.h"

#include <algorithm>
#include <optional>

#include "core/text.h"
#include "report/heat_map.h"
#include "report/line_chart.h"
#include "report/scatter_chart.h"

namespace vitlab {

namespace {

constexpr double kDrawingWidth = 720;

std::optional<double> field_of(const Json& layer, const std::string& metric, const char* field) {
  const Json& metrics = layer.at("metrics");
  if (!metrics.contains(metric) || !metrics.at(metric).at(field).is_number()) return std::nullopt;
  return metrics.at(metric).at(field).get<double>();
}

std::string name_of_layer(const Json& layer) { return layer.at("layer").get<std::string>(); }

/// The null of each layer, from all pairs of heads to the two most alike; none if a layer has none.
std::optional<Band> null_band(const Json& layers) {
  Band band{.name = "shuffled images", .low = {}, .high = {}};
  for (const Json& layer : layers) {
    const auto low = field_of(layer, "head_cosine.mean_mean.map", "null");
    const auto high = field_of(layer, "head_cosine.max_max.map", "null");
    if (!low || !high) return std::nullopt;
    band.low.push_back(*low);
    band.high.push_back(*high);
  }
  return band;
}

HeatGroup heat_group(const std::string& heading, const Json& matrix,
                     const std::vector<std::string>& labels) {
  HeatGroup group{heading, {}};
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    HeatRow row{labels[i], {}};
    for (std::size_t j = 0; j < matrix[i].size(); ++j) {
      HeatCell cell;
      if (matrix[i][j].is_number()) {
        cell.share = matrix[i][j].get<double>();
        cell.tip = labels[i] + ", " + labels[j] + ": " + significant(*cell.share, 3);
      }
      row.cells.push_back(cell);
    }
    group.rows.push_back(std::move(row));
  }
  return group;
}

std::vector<std::string> head_labels(std::size_t heads) {
  std::vector<std::string> labels;
  for (std::size_t head = 0; head < heads; ++head) labels.push_back("head " + std::to_string(head));
  return labels;
}

/// How much head `i` resembles the others on average.
double resemblance(const Json& matrix, std::size_t i) {
  double sum = 0;
  for (std::size_t j = 0; j < matrix.size(); ++j)
    if (j != i) sum += matrix[i][j].get<double>();
  return sum / static_cast<double>(matrix.size() - 1);
}

/// By head what it is worth, or nothing.
std::vector<double> worth_of(const Json& document, std::size_t layer) {
  std::vector<double> worth;
  if (document.contains("ablation")) {
    for (const Json& head : document.at("ablation").at("layers")[layer].at("heads"))
      if (head.at("removed").at("loss_change").is_number())
        worth.push_back(head.at("removed").at("loss_change").get<double>());
  } else if (document.at("layers")[layer].at("per_head").contains("gate_importance")) {
    for (const Json& value : document.at("layers")[layer].at("per_head").at("gate_importance"))
      worth.push_back(value.get<double>());
  }
  return worth;
}

}  // namespace

std::vector<SimilarityDrawing> depth_drawings(const Json& document) {
  const Json& layers = document.at("layers");
  LineChart chart{.id = "by_depth",
                  .title = "Similarity of heads by depth",
                  .description = "Cosine of attention maps by attention layer",
                  .x_title = "attention layer",
                  .y_title = "cosine of maps"};
  for (const char* reduction : {"max_max", "mean_max", "mean_mean"}) {
    Line line{reduction, {}};
    for (const Json& layer : layers) {
      LinePoint point{field_of(layer, std::string("head_cosine.") + reduction + ".map", "value"),
                      ""};
      if (point.value) point.tip = name_of_layer(layer) + ": " + significant(*point.value, 3);
      line.points.push_back(point);
    }
    chart.lines.push_back(std::move(line));
  }
  chart.band = null_band(layers);
  const std::string svg = line_chart(chart, kDrawingWidth);
  if (svg.empty()) return {};
  return {{"by_depth.svg", chart.title, svg}};
}

std::vector<SimilarityDrawing> pair_drawings(const Json& document) {
  std::vector<SimilarityDrawing> drawings;
  for (const Json& layer : document.at("layers")) {
    const std::string name = name_of_layer(layer);
    HeatMap chart{.id = "heads_" + std::to_string(drawings.size()),
                  .title = name,
                  .description = "How alike the heads of " + name + " are, in percent",
                  .x_title = "head, counted from 1; percent"};
    for (const auto& [what, matrix] : layer.at("pairs").items())
      chart.groups.push_back(heat_group(what, matrix, head_labels(matrix.size())));
    const std::string svg = heat_map(chart, kDrawingWidth);
    if (!svg.empty()) drawings.push_back({"heads_" + name + ".svg", name, svg});
  }
  return drawings;
}

std::vector<SimilarityDrawing> importance_drawings(const Json& document) {
  const bool has_ablation = document.contains("ablation");
  ScatterChart chart{.id = "importance",
                     .title = "What a head is worth against how much it resembles the others",
                     .description = "One point a head",
                     .x_title = "mean cosine of its map with the layer's other heads",
                     .y_title = has_ablation ? "loss without it, less loss" : "gate importance",
                     .series = {"heads"}};
  const Json& layers = document.at("layers");
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const std::vector<double> worth = worth_of(document, l);
    if (!layers[l].at("pairs").contains("map")) continue;
    const Json& matrix = layers[l].at("pairs").at("map");
    for (std::size_t head = 0; head < worth.size(); ++head)
      chart.points.push_back({.x = resemblance(matrix, head),
                              .y = worth[head],
                              .label = "",
                              .tip = name_of_layer(layers[l]) + ", head " + std::to_string(head)});
  }
  const std::string svg = scatter_chart(chart, kDrawingWidth);
  if (svg.empty()) return {};
  return {{"importance.svg", chart.title, svg}};
}

std::vector<SimilarityDrawing> layer_map_drawings(const Json& document) {
  std::vector<SimilarityDrawing> drawings;
  const auto add = [&](const char* key, const std::string& title) {
    if (!document.contains(key)) return;
    const Json& map = document.at(key);
    const HeatMap chart{.id = key,
                        .title = title,
                        .description = title + ", in percent",
                        .x_title = "layer, counted from 1; percent",
                        .groups = {heat_group("", map.at("values"),
                                              map.at("layers").get<std::vector<std::string>>())}};
    const std::string svg = heat_map(chart, kDrawingWidth);
    if (!svg.empty()) drawings.push_back({std::string(key) + ".svg", title, svg});
  };
  add("cross_layer", "Cosine of attention maps across layers");
  add("layer_cka", "CKA of what layers give out");
  return drawings;
}

}  // namespace vitlab
