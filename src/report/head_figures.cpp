#include "report/head_figures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "charts/line_chart.h"
#include "charts/matrix_grid.h"
#include "core/text.h"
#include "stats/summary.h"

namespace vitlab::report {
namespace {

constexpr const char* kLargest = "head_cosine.max_max.map";
constexpr const char* kMean = "head_cosine.mean_mean.map";
constexpr const char* kScale = "in percent; heads from 0";

std::string kind_words(const std::string& kind) {
  if (kind == "map") return "cosine of maps";
  if (kind == "output") return "cosine of outputs";
  if (kind == "centred_cosine") return "centred cosine of maps";
  if (kind == "jensen_shannon")
    return "Jensen–Shannon divergence, hundredths of a bit (dark: unlike)";
  if (kind == "output_cka") return "CKA of outputs";
  return kind;
}

/// A head is always like itself: the diagonal stays blank, so that the others are seen.
charts::MatrixTile tile_of(const messages::NumberRows& matrix, const std::string& heading) {
  charts::MatrixTile tile{heading, {}};
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    tile.rows.emplace_back();
    for (std::size_t j = 0; j < matrix[i].size(); ++j) {
      charts::HeatCell cell;
      if (i != j && std::isfinite(matrix[i][j])) {
        cell.share = matrix[i][j];
        cell.tip = fmt::format("{} | heads {} and {}: {}", heading, i, j,
                               core::significant(matrix[i][j], 3));
      }
      tile.rows.back().push_back(cell);
    }
  }
  return tile;
}

charts::MatrixGroup group_of(const messages::HeadSimilarity& heads, const std::string& kind,
                             const std::string& heading) {
  charts::MatrixGroup group{heading, {}};
  for (const messages::LayerHeads& layer : heads.layers)
    if (const messages::NumberRows* pairs = layer.pairs.named(kind))
      group.tiles.push_back(tile_of(*pairs, layer.layer));
  return group;
}

std::optional<double> finite(std::optional<double> value) {
  return value && std::isfinite(*value) ? value : std::nullopt;
}

using MetricPart = std::optional<double> (*)(const messages::HeadMetric&);
std::optional<double> value_of(const messages::HeadMetric& metric) { return finite(metric.value); }
std::optional<double> chance_of(const messages::HeadMetric& metric) {
  return finite(metric.null_value);
}
std::optional<double> random_of(const messages::HeadMetric& metric) {
  return finite(metric.control_value());
}

std::optional<double> part_of(const messages::LayerHeads& layer, const std::string& metric,
                              MetricPart part) {
  const messages::HeadMetric* found = layer.metrics.named(metric);
  return found ? part(*found) : std::nullopt;
}

struct MeasureColumn {
  const char* title;
  const char* metric;
  MetricPart part;
};

constexpr std::array kMeasureColumns{
    MeasureColumn{"Largest cosine of maps", kLargest, value_of},
    MeasureColumn{"By chance", kLargest, chance_of},
    MeasureColumn{"With random weights", kLargest, random_of},
    MeasureColumn{"Mean cosine of maps", kMean, value_of},
    MeasureColumn{"Largest centred cosine", "centred_cosine.max_max.map", value_of},
    MeasureColumn{"Largest cosine of outputs", "head_cosine.max_max.output", value_of},
    MeasureColumn{"Jensen–Shannon, bits", "jensen_shannon.mean", value_of},
    MeasureColumn{"Effective heads", "effective_heads", value_of},
    MeasureColumn{"Entropy", "entropy.mean", value_of},
    MeasureColumn{"Distance, px", "attention_distance.mean", value_of},
};

/// The mean over the runs that have it.
std::optional<double> mean_of(const NamedHeads& model, std::size_t layer,
                              const MeasureColumn& column) {
  std::vector<double> values;
  for (const auto& run : model.runs) {
    if (layer >= run->layers.size()) continue;
    if (const auto value = part_of(run->layers[layer], column.metric, column.part))
      values.push_back(*value);
  }
  return values.empty() ? std::nullopt : std::optional(stats::mean(values));
}

/// The measures of every layer, without columns that nothing stands in.
void add_measures(Figure& figure, const std::vector<NamedHeads>& models) {
  const auto any = [&](const MeasureColumn& column) {
    for (const NamedHeads& model : models)
      for (std::size_t l = 0; l < model.runs.front()->layers.size(); ++l)
        if (mean_of(model, l, column)) return true;
    return false;
  };
  std::vector<MeasureColumn> columns;
  std::copy_if(kMeasureColumns.begin(), kMeasureColumns.end(), std::back_inserter(columns), any);
  if (models.size() > 1) figure.columns.emplace_back("Model");
  for (const char* title : {"Layer", "Heads"}) figure.columns.emplace_back(title);
  for (const MeasureColumn& column : columns) figure.columns.emplace_back(column.title);
  for (const NamedHeads& model : models) {
    const std::vector<messages::LayerHeads>& layers = model.runs.front()->layers;
    for (std::size_t l = 0; l < layers.size(); ++l) {
      std::vector<std::string> row;
      if (models.size() > 1) row.push_back(model.name);
      row.push_back(layers[l].layer);
      row.push_back(std::to_string(layers[l].heads));
      for (const MeasureColumn& column : columns) {
        const auto value = mean_of(model, l, column);
        row.push_back(value ? fmt::format("{:.3f}", *value) : "–");
      }
      figure.rows.push_back(std::move(row));
    }
  }
}

/// From all pairs of heads to the two most alike in each layer; nothing if a layer has no number.
void add_band(charts::LineChart& chart, const messages::HeadSimilarity& heads,
              const std::string& name, MetricPart part) {
  charts::Band band{.name = name, .low = {}, .high = {}};
  for (const messages::LayerHeads& layer : heads.layers) {
    const auto low = part_of(layer, kMean, part), high = part_of(layer, kLargest, part);
    if (!low || !high) return;
    band.low.push_back(*low);
    band.high.push_back(*high);
  }
  if (!band.low.empty()) chart.bands.push_back(std::move(band));
}

}  // namespace

Figure head_depth_figure(const messages::HeadSimilarity& heads) {
  Figure figure;
  figure.name = "by_depth";
  figure.heading = "How alike heads are, by depth";
  charts::LineChart chart;
  chart.title = "Similarity of heads by depth";
  chart.description = "Cosine of attention maps by attention layer.";
  chart.x_title = "Attention layer, first to last";
  chart.y_title = "Cosine of the maps of two heads";
  chart.y_most = 1;
  for (const auto& [reduction, words] :
       {std::pair("max_max", "the two most alike"), std::pair("mean_max", "each head's nearest"),
        std::pair("mean_mean", "all pairs")}) {
    charts::Line line{words, {}};
    for (const messages::LayerHeads& layer : heads.layers) {
      charts::LinePoint point;
      point.value = part_of(layer, fmt::format("head_cosine.{}.map", reduction), value_of);
      if (point.value)
        point.tip =
            fmt::format("{} | {}: {}", layer.layer, words, core::significant(*point.value, 3));
      line.points.push_back(point);
    }
    chart.lines.push_back(std::move(line));
  }
  add_band(chart, heads, "by chance: maps of different images", chance_of);
  // The second band is the outlined one: without the first its look would mean something else.
  if (!chart.bands.empty()) add_band(chart, heads, "with random weights", random_of);
  figure.caption =
      "Means over images, by three reductions: the two most alike (max_max) is the author's form "
      "of the paper's Fig 4, each head's nearest (mean_max) its caption's. Bands reach from all "
      "pairs "
      "to the two most alike. Maps have no negative entries, so unrelated heads are not at 0: read "
      "the lines against chance.";
  draw_both(figure, chart, charts::line_chart);
  return figure;
}

Figure head_pairs_figure(const std::vector<NamedHeads>& models,
                         const std::vector<std::string>& kinds) {
  Figure figure;
  figure.name = "head_pairs";
  figure.heading = "Which heads repeat each other";
  charts::MatrixGrid chart;
  chart.title = "How alike the heads of each layer are, two by two";
  chart.description = "A matrix a layer; the measures of each layer stand in the table below.";
  chart.scale_title = kScale;
  for (const NamedHeads& model : models)
    for (const std::string& kind : kinds)
      chart.groups.push_back(
          group_of(*model.runs.front(), kind,
                   model.name.empty() ? kind_words(kind) : model.name + ", " + kind_words(kind)));
  figure.caption = "Heads against heads, mean over images; dark pairs repeat each other.";
  if (std::any_of(models.begin(), models.end(), [](const auto& m) { return m.runs.size() > 1; }))
    figure.caption +=
        " Heads of other seeds are other heads, so the matrices are of the first training; the "
        "table holds means over seeds.";
  if (!models.empty()) add_measures(figure, models);
  draw_both(figure, chart, charts::matrix_grid);
  return figure;
}

std::vector<std::string> kinds_of_pairs(const messages::HeadSimilarity& heads) {
  std::set<std::string> found;
  for (const messages::LayerHeads& layer : heads.layers)
    for (const auto& pairs : layer.pairs) found.insert(pairs.first);
  std::vector<std::string> kinds;
  for (const char* first : {"map", "output"})
    if (found.erase(first) > 0) kinds.emplace_back(first);
  kinds.insert(kinds.end(), found.begin(), found.end());
  return kinds;
}

std::string layer_pairs_drawing(const messages::LayerHeads& layer, double width) {
  charts::MatrixGrid chart{
      .id = "heads",
      .title = layer.layer,
      .description = "How alike the heads of " + layer.layer + " are, in percent",
      .scale_title = kScale,
      .groups = {{layer.layer, {}}}};
  const std::map<std::string, messages::NumberRows> by_name(layer.pairs.begin(), layer.pairs.end());
  for (const auto& [kind, matrix] : by_name)
    chart.groups.front().tiles.push_back(tile_of(matrix, kind_words(kind)));
  return charts::matrix_grid(chart, width);
}

}  // namespace vitlab::report
