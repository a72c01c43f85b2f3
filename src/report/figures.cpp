#include "report/figures.h"

#include <algorithm>

#include <fmt/format.h>

#include "charts/scale.h"
#include "charts/scatter_chart.h"
#include "charts/svg_writer.h"
#include "core/text.h"
#include "report/words.h"

namespace vitlab::report {
namespace {

constexpr std::size_t kMostPoints = 2000;
constexpr std::size_t kMostPointsNarrow = 500;

/// The knob whose levels colour the points: the first with 2 to kSeriesStyles levels.
struct Colouring {
  std::size_t knob = 0;
  std::vector<std::string> levels;  // as they appear; empty: one colour for all
};

std::string level_of(const facts::ReportModel& model, std::size_t knob) {
  return knob < model.knobs.size() ? model.knobs[knob] : "";
}

Colouring colouring_of(const facts::ReportModels& models) {
  for (std::size_t k = 0; k < models.knobs.size(); ++k) {
    std::vector<std::string> levels;
    for (const facts::ReportModel& model : models.models) {
      const std::string level = level_of(model, k);
      if (std::find(levels.begin(), levels.end(), level) == levels.end()) levels.push_back(level);
    }
    if (levels.size() >= 2 && levels.size() <= charts::kSeriesStyles) return {k, levels};
  }
  return {};
}

std::string point_tip(const facts::ReportModel& model) {
  std::string tip =
      fmt::format("{}: {} | {} % top-1", model.number, model.name, accuracy_text(*model.accuracy));
  const auto one = [](double share) { return percent(share); };
  if (model.accuracy->low)
    tip += fmt::format(" (95 % interval {})",
                       range_text(model.accuracy->low, model.accuracy->high, one));
  tip += fmt::format(" | {} images/s", charts::rate(model.throughput->value));
  if (model.throughput->low && model.throughput->high)
    tip += fmt::format(" (p5–p95 {})",
                       range_text(model.throughput->low, model.throughput->high, charts::rate));
  return tip;
}

charts::ScatterPoint point_of(const facts::ReportModel& model, const Colouring& colouring) {
  charts::ScatterPoint point;
  point.x = model.throughput->value;
  point.y = 100 * model.accuracy->mean;
  point.x_low = model.throughput->low;
  point.x_high = model.throughput->high;
  if (model.accuracy->low) point.y_low = 100 * *model.accuracy->low;
  if (model.accuracy->high) point.y_high = 100 * *model.accuracy->high;
  if (!colouring.levels.empty()) {
    const auto level = std::find(colouring.levels.begin(), colouring.levels.end(),
                                 level_of(model, colouring.knob));
    point.series = static_cast<int>(level - colouring.levels.begin());
  }
  point.label = std::to_string(model.number) + (model.is_reference ? " reference" : "");
  point.tip = point_tip(model);
  point.is_on_front = model.is_on_front;
  return point;
}

std::string thinning_rule(std::size_t all) {
  if (all <= kMostPoints) return "";
  return fmt::format(
      " {} models are more than a drawing shows: all of the front and an even choice of the others "
      "make {}; results.csv holds all.",
      all, kMostPoints);
}

std::string speed_axis(const facts::ReportModels& models) {
  const std::string setting = facts::setting_text(models.setting);
  return "Throughput, images/s" + (setting.empty() ? "" : " (" + setting + ")");
}

}  // namespace

std::string numbered(const facts::ReportModel& model) {
  return fmt::format("{} {}", model.number, model.name);
}

ShownModels shown_models(const std::vector<const facts::ReportModel*>& models, std::size_t most) {
  if (models.size() <= most) return {models, ""};
  std::vector<const facts::ReportModel*> by_interest = models;
  std::stable_sort(by_interest.begin(), by_interest.end(),
                   [](const facts::ReportModel* a, const facts::ReportModel* b) {
                     const auto rank = [](const facts::ReportModel* model) {
                       return model->is_reference ? 0 : model->is_on_front ? 1 : 2;
                     };
                     return rank(a) < rank(b);
                   });
  by_interest.resize(most);
  std::sort(by_interest.begin(), by_interest.end(),
            [](const facts::ReportModel* a, const facts::ReportModel* b) {
              return a->number < b->number;
            });
  return {by_interest, fmt::format(" Shown are {} of {} models: the reference, the Pareto front, "
                                   "then the order of the table.",
                                   most, models.size())};
}

Figure accuracy_speed_figure(const facts::ReportModels& models) {
  charts::ScatterChart chart;
  chart.title = "Top-1 accuracy against throughput";
  chart.x_title = speed_axis(models);
  chart.y_title = "Top-1 accuracy, %";
  chart.y_least = 0;
  chart.y_most = 100;
  const Colouring colouring = colouring_of(models);
  for (const std::string& level : colouring.levels)
    chart.series.push_back(models.knobs[colouring.knob] + "=" + (level.empty() ? "–" : level));
  std::vector<charts::ScatterPoint> points;
  std::vector<std::string> front;
  for (const facts::ReportModel& model : models.models) {
    if (!model.accuracy || !model.throughput) continue;
    points.push_back(point_of(model, colouring));
    if (model.is_on_front) front.push_back(std::to_string(model.number));
  }
  if (front.size() > 12) front = {counted(static_cast<std::int64_t>(front.size()), "model")};
  chart.description =
      fmt::format("{}; on the Pareto front: {}.",
                  counted(static_cast<std::int64_t>(points.size()), "model"), listed(front));
  Figure figure;
  figure.name = "accuracy_speed";
  figure.heading = "Accuracy against speed";
  figure.caption =
      "Up and to the right is better. Filled marks and the stepped line: the Pareto front, models "
      "that no other beats in both. Bars: 95 % binomial interval of accuracy, 5th to 95th "
      "percentile "
      "of throughput. Numbers are those of the table." +
      thinning_rule(points.size());
  chart.id = figure.name;
  chart.points = charts::thinned(points, kMostPoints);
  figure.wide = charts::scatter_chart(chart, kWideFigure);
  chart.id += "-narrow";
  chart.points = charts::thinned(points, kMostPointsNarrow);
  chart.x_title = "Throughput, images/s";
  figure.narrow = charts::scatter_chart(chart, kNarrowFigure);
  return figure;
}

}  // namespace vitlab::report
