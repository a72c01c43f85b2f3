#include "charts/curve_chart.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "charts/chart_frame.h"
#include "charts/label_places.h"

namespace vitlab::charts {
namespace {

constexpr double kCurveMark = 4.4;
constexpr double kBelowPanel = 58;

struct CurveExtent {
  double low = 1e300;
  double high = -1e300;
  void take(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool is_empty() const { return low > high; }
};

bool is_finite(const CurvePoint& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

void take_x(const CurvePanel& panel, CurveExtent& x) {
  for (const Curve& curve : panel.curves)
    for (const CurvePoint& point : curve.points)
      if (is_finite(point)) x.take(point.x);
  for (const NamedPoint& point : panel.named) x.take(point.x);
}

CurveExtent y_extent(const CurvePanel& panel) {
  CurveExtent y;
  for (const Curve& curve : panel.curves)
    for (const CurvePoint& point : curve.points) {
      if (!is_finite(point)) continue;
      y.take(point.y);
      if (point.y_low) y.take(*point.y_low);
      if (point.y_high) y.take(*point.y_high);
    }
  if (y.is_empty()) return y;
  for (const NamedPoint& point : panel.named) y.take(point.y);
  if (panel.level) y.take(*panel.level);
  return y;
}

std::vector<LegendEntry> legend_of(const CurvePanel& panel) {
  std::vector<LegendEntry> entries;
  for (const Curve& curve : panel.curves)
    entries.push_back({curve.name, curve.series,
                       (curve.is_dashed ? "hollow " : "solid ") + series_class(curve.series)});
  return entries;
}

void draw_curve(SvgWriter& svg, const Curve& curve, const AxisScale& x, const AxisScale& y) {
  std::string d;
  for (const CurvePoint& point : curve.points)
    if (is_finite(point))
      d += fmt::format("{}{} {}", d.empty() ? 'M' : 'L', svg_number(x(point.x)),
                       svg_number(y(point.y)));
  if (d.empty()) return;
  svg.path(d, (curve.is_dashed ? "line dashed " : "line ") + series_class(curve.series));
  for (const CurvePoint& point : curve.points) {
    if (!is_finite(point)) continue;
    const bool has_interval = point.y_low && point.y_high && std::isfinite(*point.y_low) &&
                              std::isfinite(*point.y_high) && *point.y_high > *point.y_low;
    if (has_interval)
      svg.line(x(point.x), y(*point.y_low), x(point.x), y(*point.y_high),
               "interval " + series_class(curve.series));
    if (curve.has_marks)
      svg.mark(series_shape(curve.series), x(point.x), y(point.y), kCurveMark,
               (curve.is_dashed ? "hollow " : "solid ") + series_class(curve.series), point.tip);
  }
}

void draw_named(SvgWriter& svg, const CurvePanel& panel, const PlotArea& area, const AxisScale& x,
                const AxisScale& y) {
  LabelPlaces places(area);
  for (const Curve& curve : panel.curves)
    for (const CurvePoint& point : curve.points)
      if (is_finite(point)) places.add_mark(x(point.x), y(point.y), kCurveMark + 1);
  for (const NamedPoint& point : panel.named) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
    svg.mark(MarkShape::kCross, x(point.x), y(point.y), 5.5, "theirs", point.label);
    const std::string label = fitted(point.label, area.right - area.left);
    const auto place = places.place(x(point.x), y(point.y), text_width(label));
    if (place) svg.text(place->x, place->y, label, "halo tick");
  }
}

struct Placed {
  const CurvePanel* panel;
  CurveExtent extent;
  double top;  // of the panel: its heading
  PlotArea area;
};

std::vector<Placed> lay_out(const CurveChart& chart, double width) {
  std::vector<Placed> placed;
  double top = 0;
  for (const CurvePanel& panel : chart.panels) {
    const CurveExtent extent = y_extent(panel);
    if (extent.is_empty()) continue;
    const double heading = panel.heading.empty() ? 0 : 24;
    const double above = heading + kLegendRow * legend_rows(legend_of(panel), width) + 30;
    const double height = std::clamp(0.36 * width, 190.0, 280.0);
    placed.push_back({&panel, extent, top, {46, top + above, width - 14, top + above + height}});
    top += above + height + kBelowPanel;
  }
  return placed;
}

void draw_panel(SvgWriter& svg, const Placed& placed, const AxisScale& x, double width,
                const std::string& x_title) {
  const CurvePanel& panel = *placed.panel;
  const AxisScale y =
      roomy_scale({placed.extent.low, placed.extent.high, panel.y_least, panel.y_most},
                  placed.area.bottom, placed.area.top, false);
  double top = placed.top;
  if (!panel.heading.empty()) {
    svg.text(0, top + 14, fitted(panel.heading, width), "group");
    top += 24;
  }
  draw_legend(svg, legend_of(panel), 0, top, width);
  draw_y_axis(svg, placed.area, y, panel.y_title);
  const int wanted = std::max(3, static_cast<int>((placed.area.right - placed.area.left) / 90));
  draw_x_axis(svg, placed.area, x, nice_ticks(x, wanted), x_title);
  if (panel.level)
    svg.line(placed.area.left, y(*panel.level), placed.area.right, y(*panel.level), "level");
  for (const Curve& curve : panel.curves) draw_curve(svg, curve, x, y);
  draw_named(svg, panel, placed.area, x, y);
}

}  // namespace

std::string curve_chart(const CurveChart& chart, double width) {
  const std::vector<Placed> placed = lay_out(chart, width);
  if (placed.empty()) return "";
  CurveExtent extent;
  for (const Placed& one : placed) take_x(*one.panel, extent);
  const PlotArea& first = placed.front().area;
  const AxisScale x = roomy_scale({extent.low, extent.high}, first.left, first.right, false);
  SvgWriter svg(chart.id, width, placed.back().area.bottom + 46, chart.title, chart.description);
  for (const Placed& one : placed) draw_panel(svg, one, x, width, chart.x_title);
  return svg.str();
}

}  // namespace vitlab::charts
