#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "charts/curve_chart.h"
#include "charts/heat_map.h"
#include "charts/svg_writer.h"
#include "core/text.h"
#include "facts/paper_values.h"
#include "report/figures.h"
#include "report/words.h"
#include "stats/summary.h"

namespace vitlab::report {
namespace {

constexpr const char* kPruningHeading = "What pruning keeps";
constexpr std::size_t kMostHeatRows = 24;
constexpr std::size_t kMostPruningPanels = 4;
/// The kinds of axes that the paper draws, in the order of its series.
constexpr std::array kPaperAxes{"qk", "v", "hidden"};

std::string axis_title(const std::string& axis) {
  if (axis == "qk") return "QK of each head";
  if (axis == "v") return "V of each head";
  if (axis == "hidden") return "FFN hidden";
  return axis;
}

/// Percent of the way from the first block to the last.
double depth_of(std::size_t place, std::size_t places) {
  return places < 2 ? 50 : 100.0 * static_cast<double>(place) / static_cast<double>(places - 1);
}

charts::Curve kept_curve(const std::string& who, const std::vector<facts::LayerValue>& layers,
                         std::size_t axis) {
  charts::Curve curve{axis_title(kPaperAxes[axis]), static_cast<int>(axis), false, true, {}};
  for (std::size_t i = 0; i < layers.size(); ++i)
    curve.points.push_back({depth_of(i, layers.size()),
                            100 * layers[i].value,
                            {},
                            {},
                            fmt::format("{} | {}, {}: {} % left", who, layers[i].layer,
                                        axis_title(kPaperAxes[axis]), percent(layers[i].value))});
  return curve;
}

std::vector<charts::Curve> paper_curves() {
  std::vector<charts::Curve> curves;
  const facts::PaperValues paper = facts::paper_values();
  for (std::size_t s = 0; s < paper.kept.size(); ++s) {
    charts::Curve curve{"paper: " + paper.kept[s].name, static_cast<int>(s), true, false, {}};
    const std::vector<double>& values = paper.kept[s].values;
    for (std::size_t i = 0; i < values.size(); ++i)
      curve.points.push_back({depth_of(i, values.size()), 100 * values[i], {}, {}, ""});
    curves.push_back(std::move(curve));
  }
  return curves;
}

/// Whether pruning, or its control, cut an axis that the paper draws.
bool has_paper_axis(const facts::ReportModel* model) {
  return std::any_of(kPaperAxes.begin(), kPaperAxes.end(), [&](const char* axis) {
    return model->pruned.kept.contains(axis) || model->pruned_at_random.kept.contains(axis);
  });
}

charts::CurvePanel kept_panel(const std::string& heading, const facts::PruningOutcome& outcome) {
  charts::CurvePanel panel;
  panel.heading = heading;
  panel.y_title = "Left, %";
  panel.y_least = 0;
  panel.y_most = 100;
  panel.curves = paper_curves();
  for (std::size_t axis = 0; axis < kPaperAxes.size(); ++axis)
    if (const auto kept = outcome.kept.find(kPaperAxes[axis]); kept != outcome.kept.end())
      panel.curves.push_back(kept_curve(heading, kept->second, axis));
  return panel;
}

/// "MACs left 70.1 %; top-1 97.4 % before, 90.1 % cut, 96.9 % in the end", as far as known.
std::string outcome_text(const facts::ReportModel& model, const facts::PruningOutcome& outcome) {
  std::string text;
  if (outcome.macs && model.macs && *model.macs > 0)
    text = fmt::format("MACs left {} %", percent(*outcome.macs / *model.macs));
  if (!outcome.accuracy) return text;
  std::string top1;
  if (model.accuracy) top1 = percent(model.accuracy->mean) + " % before, ";
  if (outcome.cut_accuracy) top1 += percent(outcome.cut_accuracy->mean) + " % cut, ";
  top1 += percent(outcome.accuracy->mean) + " % in the end";
  return text + (text.empty() ? "" : "; ") + "top-1 " + top1;
}

/// The mean share left of each of the paper's axes, over layers.
std::vector<std::string> mean_cells(const facts::PruningOutcome& outcome) {
  std::vector<std::string> cells;
  for (const char* axis : kPaperAxes) {
    const auto kept = outcome.kept.find(axis);
    if (kept == outcome.kept.end() || kept->second.empty()) {
      cells.emplace_back("–");
      continue;
    }
    std::vector<double> shares;
    for (const facts::LayerValue& layer : kept->second) shares.push_back(layer.value);
    cells.push_back(percent(stats::mean(shares)) + " %");
  }
  return cells;
}

charts::HeatRow kept_row(const std::string& name, const std::vector<facts::LayerValue>& layers) {
  charts::HeatRow row{name, {}};
  for (const facts::LayerValue& layer : layers)
    row.cells.push_back(
        {layer.value, fmt::format("{} | {}: {} % left", name, layer.layer, percent(layer.value))});
  return row;
}

std::vector<const facts::ReportModel*> pruned_models(const facts::ReportModels& models) {
  std::vector<const facts::ReportModel*> pruned;
  for (const facts::ReportModel& model : models.models)
    if (!model.pruned.kept.empty() || !model.pruned_at_random.kept.empty())
      pruned.push_back(&model);
  return pruned;
}

/// A model's pruning and its control, with the names that charts give them.
std::vector<std::pair<std::string, const facts::PruningOutcome*>> outcomes_of(
    const facts::ReportModel& model) {
  std::vector<std::pair<std::string, const facts::PruningOutcome*>> outcomes;
  if (!model.pruned.kept.empty()) outcomes.emplace_back(numbered(model), &model.pruned);
  if (!model.pruned_at_random.kept.empty())
    outcomes.emplace_back(numbered(model) + ", random scores", &model.pruned_at_random);
  return outcomes;
}

/// The axes of all models: QK, V and hidden first, others by name.
std::vector<std::string> axes_of(const std::vector<const facts::ReportModel*>& models) {
  std::vector<std::string> axes(kPaperAxes.begin(), kPaperAxes.end());
  for (const facts::ReportModel* model : models)
    for (const auto& [name, outcome] : outcomes_of(*model))
      for (const auto& [axis, layers] : outcome->kept)
        if (std::find(axes.begin(), axes.end(), axis) == axes.end()) axes.push_back(axis);
  return axes;
}

struct SpeedPoint {
  std::string what;  // "as cut", "multiples of 8"
  double macs_ratio = 1;
  double speed_ratio = 1;
  bool is_faster = false;  // than what was cut, beyond the spread of both
};

/// What was measured of a pruned model, by the ratio of MACs; the model as it was cut first.
std::vector<SpeedPoint> speed_points(const facts::ReportModel& model) {
  const facts::PruningOutcome& pruned = model.pruned;
  if (!pruned.speed_ratio || !pruned.macs || !model.macs || *pruned.macs <= 0) return {};
  std::vector<SpeedPoint> points{{"as cut", *model.macs / *pruned.macs, pruned.speed_ratio->value}};
  for (const facts::RoundedSpeed& rounded : pruned.rounded)
    if (rounded.macs && *rounded.macs > 0)
      points.push_back({fmt::format("multiples of {}", rounded.multiple),
                        *model.macs / *rounded.macs, rounded.ratio,
                        rounded.low > pruned.speed_ratio->high.value_or(0)});
  return points;
}

/// What a reader should know of pruned models' speed, as sentences.
class SpeedRemarks {
 public:
  void add(const facts::ReportModel& model, const std::vector<SpeedPoint>& points) {
    constexpr double kGainShare = 0.8;
    const SpeedPoint& cut = points.front();
    if (cut.speed_ratio - 1 < kGainShare * (cut.macs_ratio - 1))
      slow_.push_back(fmt::format("{} ({}x by MACs, {}x measured)", model.number,
                                  two_decimals(cut.macs_ratio), two_decimals(cut.speed_ratio)));
    const auto best = std::max_element(
        points.begin(), points.end(),
        [](const SpeedPoint& a, const SpeedPoint& b) { return a.speed_ratio < b.speed_ratio; });
    if (best->is_faster)
      rounded_.push_back(fmt::format("{} ({}x at {} instead of {}x)", model.number,
                                     two_decimals(best->speed_ratio), best->what,
                                     two_decimals(cut.speed_ratio)));
  }
  std::string text() const {
    std::string text;
    if (!slow_.empty())
      text += " Less than 80 % of the gain that MACs promise was measured of model " +
              listed(slow_) + ".";
    if (!rounded_.empty())
      text += " Sizes at multiples would have been faster than those cut for model " +
              listed(rounded_) + ".";
    return text;
  }

 private:
  std::vector<std::string> slow_, rounded_;
};

}  // namespace

Figure pruning_curves_figure(const facts::ReportModels& models) {
  Figure figure;
  figure.name = "pruning_curves";
  figure.heading = kPruningHeading;
  std::vector<const facts::ReportModel*> pruned = pruned_models(models);
  std::erase_if(pruned, [](const facts::ReportModel* model) { return !has_paper_axis(model); });
  const ShownModels shown = shown_models(pruned, kMostPruningPanels);
  charts::CurveChart chart;
  chart.title = "Channels left after pruning, by depth";
  chart.description =
      "One plot a model; the numbers stand in the tables below. Dashed: the paper's Swin-T.";
  chart.x_title = "Depth: 0 the first layer of its kind, 100 the last";
  figure.columns = {"Model", "QK left", "V left", "FFN hidden left", "Outcome"};
  for (const facts::ReportModel* model : shown.models)
    for (const auto& [name, outcome] : outcomes_of(*model)) {
      chart.panels.push_back(kept_panel(name, *outcome));
      std::vector<std::string> row{name};
      for (std::string& cell : mean_cells(*outcome)) row.push_back(std::move(cell));
      row.push_back(outcome_text(*model, *outcome));
      figure.rows.push_back(std::move(row));
    }
  figure.caption =
      "Share of QK, V and FFN hidden channels that pruning left, layer by layer, mean over seeds. "
      "Dashed: Swin-T in the paper, pruned from 79.1 to 76.5 % top-1 on ImageNet (Fig 5, "
      "digitised), drawn over the same depth." +
      shown.rule;
  draw_both(figure, chart, charts::curve_chart);
  return figure;
}

Figure pruning_figure(const facts::ReportModels& models) {
  Figure figure;
  figure.name = "pruning";
  const std::vector<const facts::ReportModel*> pruned = pruned_models(models);
  if (pruned.size() > kMostPruningPanels) figure.heading = "What pruning keeps, all models";
  // Without curves before it, it opens the section.
  if (std::none_of(pruned.begin(), pruned.end(), has_paper_axis)) figure.heading = kPruningHeading;
  figure.fold = "Every kind of channel, layer by layer";
  const ShownModels shown = shown_models(pruned, kMostHeatRows);
  charts::HeatMap chart;
  chart.title = "Channels left after pruning, by layer";
  chart.description = "Heat maps of the percent left; the numbers stand in the table below.";
  chart.x_title = "Layer of that kind, first to last";
  figure.columns = {"Model", "Channels", "Layer", "Left"};
  for (const std::string& axis : axes_of(shown.models)) {
    charts::HeatGroup group{axis_title(axis) + ", % left", {}};
    for (const facts::ReportModel* model : shown.models)
      for (const auto& [name, outcome] : outcomes_of(*model)) {
        const auto kept = outcome->kept.find(axis);
        if (kept == outcome->kept.end()) continue;
        group.rows.push_back(kept_row(name, kept->second));
        for (const facts::LayerValue& layer : kept->second)
          figure.rows.push_back({name, axis_title(axis), layer.layer, percent(layer.value) + " %"});
      }
    if (!group.rows.empty()) chart.groups.push_back(std::move(group));
  }
  figure.caption =
      "Share of channels that pruning left, mean over seeds. Dark: kept; light: cut away first." +
      shown.rule;
  draw_both(figure, chart, charts::heat_map);
  return figure;
}

Figure paper_pruning_figure() {
  Figure figure;
  figure.name = "paper_pruning";
  figure.fold = "What the paper saw";
  figure.caption =
      "What the paper saw: Swin-T on ImageNet pruned from 79.1 to 76.5 % top-1 (Fig 5, digitised; "
      "share of the original channels).";
  charts::HeatMap chart;
  chart.title = "Channels left in the paper's pruned Swin-T, by block";
  chart.description = "Three rows: QK, V and FFN hidden channels of 12 blocks.";
  chart.x_title = "Block";
  charts::HeatGroup group{"Pruned Swin-T of the paper, % left", {}};
  for (const facts::PaperSeries& series : facts::paper_values().kept) {
    charts::HeatRow row{series.name, {}};
    for (std::size_t i = 0; i < series.values.size(); ++i)
      row.cells.push_back({series.values[i], fmt::format("{} | block {}: {} % left", series.name,
                                                         i + 1, percent(series.values[i]))});
    group.rows.push_back(std::move(row));
  }
  chart.groups.push_back(std::move(group));
  draw_both(figure, chart, charts::heat_map);
  return figure;
}

Figure pruned_speed_figure(const facts::ReportModels& models) {
  Figure figure;
  figure.name = "pruned_speed";
  figure.heading = "Pruned, and faster?";
  std::vector<const facts::ReportModel*> timed;
  for (const facts::ReportModel& model : models.models)
    if (!speed_points(model).empty()) timed.push_back(&model);
  if (timed.empty()) return figure;
  const ShownModels shown = shown_models(timed, charts::kSeriesStyles);
  charts::CurvePanel panel;
  panel.y_title = "Measured throughput, times that before";
  figure.columns = {"Model", "Sizes", "MACs say", "Measured"};
  double most = 1;
  SpeedRemarks remarks;
  int series = 0;
  for (const facts::ReportModel* model : shown.models) {
    std::vector<SpeedPoint> points = speed_points(*model);
    remarks.add(*model, points);
    charts::Curve curve{numbered(*model), series++, false, true, {}};
    for (const SpeedPoint& point : points) {
      most = std::max(most, point.macs_ratio);
      figure.rows.push_back({numbered(*model), point.what, two_decimals(point.macs_ratio) + "x",
                             two_decimals(point.speed_ratio) + "x"});
    }
    std::sort(points.begin(), points.end(),
              [](const SpeedPoint& a, const SpeedPoint& b) { return a.macs_ratio < b.macs_ratio; });
    for (const SpeedPoint& point : points)
      curve.points.push_back(
          {point.macs_ratio,
           point.speed_ratio,
           {},
           {},
           fmt::format("{}, {} | {}x by MACs, {}x measured", numbered(*model), point.what,
                       two_decimals(point.macs_ratio), two_decimals(point.speed_ratio))});
    panel.curves.push_back(std::move(curve));
  }
  panel.curves.push_back({"as MACs say", series, true, false, {{1, 1}, {most, most}}});
  charts::CurveChart chart;
  chart.title = "Measured speed-up of pruned models against what MACs say";
  chart.description = "One line a model; the numbers stand in the table below.";
  chart.x_title = "MACs before over MACs after";
  chart.panels.push_back(std::move(panel));
  figure.caption =
      "Measured throughput over that of the model before pruning, in turns; mean over seeds. The "
      "marks of a model are its sizes as cut and brought to multiples of 8 and 16. Below the "
      "dashed line fewer multiply-adds are not that much faster." +
      remarks.text() + shown.rule;
  draw_both(figure, chart, charts::curve_chart);
  return figure;
}

}  // namespace vitlab::report
