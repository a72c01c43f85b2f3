#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "charts/scatter_chart.h"
#include "core/text.h"
#include "report/head_figures.h"
#include "stats/correlation.h"

namespace vitlab::report {
namespace {

bool all_ablated(const std::vector<NamedHeads>& models) {
  return std::all_of(models.begin(), models.end(), [](const NamedHeads& model) {
    return std::all_of(model.runs.begin(), model.runs.end(),
                       [](const auto& run) { return facts::has_ablation(*run); });
  });
}

/// Where heads stand: the words of their points and the first cells of their rows.
struct HeadPlace {
  std::string words;
  std::vector<std::string> cells;
};

/// Draws and lists the heads of one layer.
void add_heads(const messages::LayerHeads& layer, const std::vector<double>& worth,
               const HeadPlace& place, charts::ScatterChart& chart, Figure& figure) {
  for (std::size_t head = 0; head < worth.size(); ++head) {
    const auto alike = facts::resemblance(layer, head);
    if (!alike) continue;
    chart.points.push_back(
        {.x = *alike,
         .y = worth[head],
         .series = static_cast<int>(chart.series.size()) - 1,
         .label = "",
         .tip =
             fmt::format("{}{}, head {} | cosine with others {} | {}", place.words, layer.layer,
                         head, core::significant(*alike, 3), core::significant(worth[head], 3))});
    std::vector<std::string> row = place.cells;
    row.insert(row.end(), {layer.layer, std::to_string(head), fmt::format("{:.3f}", *alike),
                           core::significant(worth[head], 3)});
    figure.rows.push_back(std::move(row));
  }
}

/// Ranks of all heads shown, worth against resemblance.
std::string correlation_words(const std::vector<charts::ScatterPoint>& points) {
  std::vector<double> x, y;
  for (const charts::ScatterPoint& point : points) {
    x.push_back(point.x);
    y.push_back(point.y);
  }
  const double correlation = points.size() < 3 ? std::nan("") : stats::spearman(x, y);
  if (!std::isfinite(correlation)) return "";
  return fmt::format(" Rank correlation (Spearman) of the {} heads shown: {:+.2f}.", points.size(),
                     correlation);
}

}  // namespace

Figure head_importance_figure(const std::vector<NamedHeads>& models) {
  Figure figure;
  figure.name = "head_importance";
  figure.heading = "Are heads that repeat others worth less?";
  const bool by_ablation = all_ablated(models);
  charts::ScatterChart chart;
  chart.title = "What a head is worth against how much it resembles the others";
  chart.description = "One point a head; the numbers stand in the table below.";
  chart.x_title = "Mean cosine of its map with the layer's other heads";
  chart.y_title = by_ablation ? "Loss without the head, less loss" : "Gate importance";
  const bool is_named = !models.empty() && !models.front().name.empty();
  const bool has_runs = std::any_of(models.begin(), models.end(),
                                    [](const NamedHeads& model) { return model.runs.size() > 1; });
  if (is_named) figure.columns.emplace_back("Model");
  if (has_runs) figure.columns.emplace_back("Run");
  for (const std::string& title : {std::string("Layer"), std::string("Head"),
                                   std::string("Cosine with others"), chart.y_title})
    figure.columns.push_back(title);
  for (const NamedHeads& model : models) {
    chart.series.push_back(model.name);
    for (std::size_t run = 0; run < model.runs.size(); ++run) {
      HeadPlace place;
      if (is_named) place = {model.name + " | ", {model.name}};
      if (has_runs) {
        place.words += fmt::format("run {} | ", run + 1);
        place.cells.push_back(std::to_string(run + 1));
      }
      for (const messages::LayerHeads& layer : model.runs[run]->layers)
        add_heads(layer, facts::worth_of_heads(*model.runs[run], layer, by_ablation), place, chart,
                  figure);
    }
  }
  figure.caption =
      by_ablation
          ? "How much the loss on test images rises when a head gives out nothing."
          : "The size of the loss's gradient by a gate on the head (Michel et al. 2019), divided "
            "by the layer's length. Heads that stand in for each other may each look unimportant.";
  figure.caption += " If repeating were waste, points on the right would lie low." +
                    correlation_words(chart.points);
  draw_both(figure, chart, charts::scatter_chart);
  return figure;
}

}  // namespace vitlab::report
