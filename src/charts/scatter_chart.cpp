#include "charts/scatter_chart.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "charts/chart_frame.h"
#include "charts/label_places.h"

namespace vitlab::charts {
namespace {

constexpr double kMark = 5.5;
constexpr std::size_t kMostWithIntervals = 150;
constexpr std::size_t kMostWithLabels = 60;
constexpr double kLogFrom = 8;

bool is_finite(const ScatterPoint& point) {
  return std::isfinite(point.x) && std::isfinite(point.y);
}

double finite_or(const std::optional<double>& value, double otherwise) {
  return value && std::isfinite(*value) ? *value : otherwise;
}

struct CloudExtent {
  double low = 1e300;
  double high = -1e300;
  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

struct Plot {
  PlotArea area;
  AxisScale x;
  AxisScale y;
};

Plot lay_out(const ScatterChart& chart, const std::vector<ScatterPoint>& points, double width,
             double top) {
  CloudExtent x, y;
  for (const ScatterPoint& point : points) {
    x.take(finite_or(point.x_low, point.x));
    x.take(finite_or(point.x_high, point.x));
    y.take(finite_or(point.y_low, point.y));
    y.take(finite_or(point.y_high, point.y));
  }
  const double height = std::clamp(0.52 * width, 230.0, 400.0);
  Plot plot;
  plot.area = {46, top, width - 14, top + height};
  plot.x = roomy_scale({x.low, x.high}, plot.area.left, plot.area.right,
                       x.low > 0 && x.high / x.low >= kLogFrom);
  plot.y = roomy_scale({y.low, y.high, chart.y_least, chart.y_most}, plot.area.bottom,
                       plot.area.top, false);
  return plot;
}

void draw_intervals(SvgWriter& svg, const Plot& plot, const ScatterPoint& point) {
  const std::string classes = "interval " + series_class(point.series);
  const double x = plot.x(point.x), y = plot.y(point.y);
  const double left = plot.x(finite_or(point.x_low, point.x));
  const double right = plot.x(finite_or(point.x_high, point.x));
  const double below = plot.y(finite_or(point.y_low, point.y));
  const double above = plot.y(finite_or(point.y_high, point.y));
  if (right > left) svg.line(left, y, right, y, classes);
  if (below > above) svg.line(x, below, x, above, classes);
}

/// Joins the front by steps: between two models on it, nothing is both faster and more accurate.
void draw_front(SvgWriter& svg, const Plot& plot, const std::vector<ScatterPoint>& points) {
  std::vector<const ScatterPoint*> front;
  for (const ScatterPoint& point : points)
    if (point.is_on_front) front.push_back(&point);
  if (front.empty()) return;
  std::sort(front.begin(), front.end(), [](const ScatterPoint* a, const ScatterPoint* b) {
    return a->x != b->x ? a->x < b->x : a->y > b->y;
  });
  std::string d =
      fmt::format("M{} {}", svg_number(plot.area.left), svg_number(plot.y(front[0]->y)));
  for (const ScatterPoint* point : front)
    d += fmt::format("V{}H{}", svg_number(plot.y(point->y)), svg_number(plot.x(point->x)));
  svg.path(d + fmt::format("V{}", svg_number(plot.area.bottom)), "front");
}

void draw_labels(SvgWriter& svg, const Plot& plot, const std::vector<ScatterPoint>& points) {
  LabelPlaces places(plot.area);
  for (const ScatterPoint& point : points)
    places.add_mark(plot.x(point.x), plot.y(point.y), kMark + 1);
  for (const ScatterPoint& point : points) {
    if (point.label.empty()) continue;
    const auto place = places.place(plot.x(point.x), plot.y(point.y), text_width(point.label));
    if (place) svg.text(place->x, place->y, point.label, "label");
  }
}

std::vector<LegendEntry> legend_of(const ScatterChart& chart) {
  std::vector<LegendEntry> entries;
  if (chart.series.size() < 2) return entries;
  for (std::size_t i = 0; i < chart.series.size(); ++i)
    entries.push_back({chart.series[i], static_cast<int>(i), {}});
  return entries;
}

}  // namespace

std::string scatter_chart(const ScatterChart& chart, double width) {
  std::vector<ScatterPoint> points;
  const auto is_drawn = [](const ScatterPoint& point) { return is_finite(point); };
  std::copy_if(chart.points.begin(), chart.points.end(), std::back_inserter(points), is_drawn);
  if (points.empty()) return "";
  const std::vector<LegendEntry> legend = legend_of(chart);
  const double legend_height = kLegendRow * legend_rows(legend, width);
  const Plot plot = lay_out(chart, points, width, legend_height + 30);

  SvgWriter svg(chart.id, width, plot.area.bottom + 46, chart.title, chart.description);
  draw_legend(svg, legend, 0, 0, width);
  draw_y_axis(svg, plot.area, plot.y, chart.y_title);
  const int wanted = std::max(3, static_cast<int>((plot.area.right - plot.area.left) / 90));
  draw_x_axis(svg, plot.area, plot.x, nice_ticks(plot.x, wanted), chart.x_title);
  draw_front(svg, plot, points);
  if (points.size() <= kMostWithIntervals)
    for (const ScatterPoint& point : points) draw_intervals(svg, plot, point);
  for (const ScatterPoint& point : points)
    svg.mark(series_shape(point.series), plot.x(point.x), plot.y(point.y), kMark,
             (point.is_on_front ? "solid " : "hollow ") + series_class(point.series), point.tip);
  if (points.size() <= kMostWithLabels) draw_labels(svg, plot, points);
  return svg.str();
}

std::vector<ScatterPoint> thinned(const std::vector<ScatterPoint>& points, std::size_t limit) {
  if (points.size() <= limit) return points;
  const auto on_front = static_cast<std::size_t>(std::count_if(
      points.begin(), points.end(), [](const ScatterPoint& point) { return point.is_on_front; }));
  const std::size_t others = points.size() - on_front;
  const std::size_t room = limit > on_front ? limit - on_front : 0;
  std::vector<ScatterPoint> kept;
  std::size_t seen = 0;
  for (const ScatterPoint& point : points) {
    // The k-th of the others stays where k * room / others steps to a new whole number.
    const bool stays = point.is_on_front || (seen + 1) * room / others != seen * room / others;
    if (!point.is_on_front) ++seen;
    if (stays && kept.size() < limit) kept.push_back(point);
  }
  return kept;
}

}  // namespace vitlab::charts
