#include <algorithm>

#include <fmt/format.h>

#include "report/figures.h"
#include "report/heat_map.h"
#include "report/paper_values.h"
#include "report/svg_writer.h"
#include "report/words.h"

namespace vitlab {
namespace {

constexpr std::size_t kMostHeatRows = 24;

std::string axis_title(const std::string& axis) {
  if (axis == "qk") return "QK of each head";
  if (axis == "v") return "V of each head";
  if (axis == "hidden") return "FFN hidden";
  return axis;
}

HeatRow kept_row(const ReportModel& model, const std::vector<LayerValue>& layers) {
  HeatRow row{numbered(model), {}};
  for (const LayerValue& layer : layers)
    row.cells.push_back({layer.value, fmt::format("{} | {}: {} % left", numbered(model),
                                                  layer.layer, percent(layer.value))});
  return row;
}

/// The axes of all models: QK, V and hidden first, others by name.
std::vector<std::string> axes_of(const std::vector<const ReportModel*>& models) {
  std::vector<std::string> axes;
  const auto add = [&](const std::string& axis) {
    const bool is_there = std::any_of(models.begin(), models.end(), [&](const ReportModel* model) {
      return model->kept.contains(axis);
    });
    if (is_there && std::find(axes.begin(), axes.end(), axis) == axes.end()) axes.push_back(axis);
  };
  for (const char* axis : {"qk", "v", "hidden"}) add(axis);
  for (const ReportModel* model : models)
    for (const auto& kept : model->kept) add(kept.first);
  return axes;
}

}  // namespace

Figure pruning_figure(const ReportModels& models) {
  Figure figure;
  figure.name = "pruning";
  figure.heading = "What pruning keeps";
  std::vector<const ReportModel*> pruned;
  for (const ReportModel& model : models.models)
    if (!model.kept.empty()) pruned.push_back(&model);
  const ShownModels shown = shown_models(pruned, kMostHeatRows);
  HeatMap chart;
  chart.title = "Channels left after pruning, by layer";
  chart.description = "Heat maps of the percent left; the numbers stand in the table below.";
  chart.x_title = "Layer of that kind, first to last";
  figure.columns = {"Model", "Channels", "Layer", "Left"};
  for (const std::string& axis : axes_of(shown.models)) {
    HeatGroup group{axis_title(axis) + ", % left", {}};
    for (const ReportModel* model : shown.models) {
      const auto kept = model->kept.find(axis);
      if (kept == model->kept.end()) continue;
      group.rows.push_back(kept_row(*model, kept->second));
      for (const LayerValue& layer : kept->second)
        figure.rows.push_back(
            {numbered(*model), axis_title(axis), layer.layer, percent(layer.value) + " %"});
    }
    chart.groups.push_back(std::move(group));
  }
  figure.caption =
      "Share of channels that pruning left, mean over seeds. Dark: kept; light: cut away first." +
      shown.rule;
  draw_both(figure, chart, heat_map);
  return figure;
}

Figure paper_pruning_figure() {
  Figure figure;
  figure.name = "paper_pruning";
  figure.fold = "What the paper saw";
  figure.caption =
      "What the paper saw: Swin-T on ImageNet pruned from 79.1 to 76.5 % top-1 (Fig 5, digitised; "
      "share of the original channels).";
  HeatMap chart;
  chart.title = "Channels left in the paper's pruned Swin-T, by block";
  chart.description = "Three rows: QK, V and FFN hidden channels of 12 blocks.";
  chart.x_title = "Block";
  HeatGroup group{"Pruned Swin-T of the paper, % left", {}};
  for (const PaperSeries& series : paper_values().kept) {
    HeatRow row{series.name, {}};
    for (std::size_t i = 0; i < series.values.size(); ++i)
      row.cells.push_back({series.values[i], fmt::format("{} | block {}: {} % left", series.name,
                                                         i + 1, percent(series.values[i]))});
    group.rows.push_back(std::move(row));
  }
  chart.groups.push_back(std::move(group));
  draw_both(figure, chart, heat_map);
  return figure;
}

}  // namespace vitlab
