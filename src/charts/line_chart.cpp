#include "charts/line_chart.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "charts/chart_frame.h"
#include "core/error.h"

namespace vitlab::charts {
namespace {

constexpr std::size_t kMostBands = 2;

struct LineExtent {
  double low = 1e300;
  double high = -1e300;
  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

bool has_value(const LinePoint& point) { return point.value && std::isfinite(*point.value); }

struct Shown {
  LineExtent y;
  std::size_t places = 0;
  bool is_empty = true;
};

Shown extent_of(const LineChart& chart) {
  Shown shown;
  for (const Line& line : chart.lines) {
    shown.places = std::max(shown.places, line.points.size());
    for (const LinePoint& point : line.points) {
      if (!has_value(point)) continue;
      shown.y.take(*point.value);
      shown.is_empty = false;
    }
  }
  for (const Band& band : chart.bands) {
    for (const double value : band.low) shown.y.take(value);
    for (const double value : band.high) shown.y.take(value);
  }
  if (chart.level) shown.y.take(*chart.level);
  return shown;
}

std::vector<Tick> whole_ticks(std::size_t places, double width) {
  const auto most = static_cast<std::size_t>(std::max(2.0, width / 40));
  const std::size_t step = std::max<std::size_t>(1, (places + most - 1) / most);
  std::vector<Tick> ticks;
  for (std::size_t i = 1; i <= places; i += step)
    ticks.push_back({static_cast<double>(i), std::to_string(i)});
  return ticks;
}

/// Classes of band number `i`.
std::string band_class(std::size_t i) { return i == 0 ? "band" : "band outlined"; }

void draw_band(SvgWriter& svg, const Band& band, std::size_t number, const AxisScale& x,
               const AxisScale& y) {
  core::ensure(band.low.size() == band.high.size(), "a band has two edges of one length");
  if (band.low.empty()) return;
  std::string d;
  for (std::size_t i = 0; i < band.high.size(); ++i)
    d += fmt::format("{}{} {}", i == 0 ? 'M' : 'L', svg_number(x(static_cast<double>(i + 1))),
                     svg_number(y(band.high[i])));
  for (std::size_t i = band.low.size(); i-- > 0;)
    d += fmt::format("L{} {}", svg_number(x(static_cast<double>(i + 1))),
                     svg_number(y(band.low[i])));
  svg.path(d + "Z", band_class(number));
}

void draw_line(SvgWriter& svg, const Line& line, int series, const AxisScale& x,
               const AxisScale& y) {
  std::string d;
  bool is_open = false;
  for (std::size_t i = 0; i < line.points.size(); ++i) {
    if (!has_value(line.points[i])) {
      is_open = false;
      continue;
    }
    d += fmt::format("{}{} {}", is_open ? 'L' : 'M', svg_number(x(static_cast<double>(i + 1))),
                     svg_number(y(*line.points[i].value)));
    is_open = true;
  }
  svg.path(d, fmt::format("line {}", series_class(series)));
  for (std::size_t i = 0; i < line.points.size(); ++i)
    if (has_value(line.points[i]))
      svg.mark(series_shape(series), x(static_cast<double>(i + 1)), y(*line.points[i].value), 4.2,
               "solid " + series_class(series), line.points[i].tip);
}

std::vector<LegendEntry> legend_of(const LineChart& chart) {
  std::vector<LegendEntry> entries;
  for (std::size_t i = 0; i < chart.lines.size(); ++i)
    entries.push_back({chart.lines[i].name, static_cast<int>(i), {}});
  return entries;
}

}  // namespace

std::string line_chart(const LineChart& chart, double width) {
  const Shown shown = extent_of(chart);
  if (shown.is_empty) return "";
  core::ensure(chart.lines.size() <= kSeriesStyles && chart.bands.size() <= kMostBands,
               "a chart has as many lines and bands as can be told apart");
  const std::vector<LegendEntry> legend = legend_of(chart);
  const double lines_end = kLegendRow * legend_rows(legend, width);
  const double top = lines_end + kLegendRow * static_cast<double>(chart.bands.size()) + 30;
  const double height = std::clamp(0.36 * width, 190.0, 280.0);
  const PlotArea area{46, top, width - 14, top + height};
  AxisScale x{1, static_cast<double>(shown.places), area.left + 24, area.right - 24, false};
  if (shown.places == 1) x = {0, 2, area.left, area.right, false};
  const AxisScale y = roomy_scale({shown.y.low, shown.y.high, chart.y_least, chart.y_most},
                                  area.bottom, area.top, false);

  SvgWriter svg(chart.id, width, area.bottom + 46, chart.title, chart.description);
  draw_legend(svg, legend, 0, 0, width);
  for (std::size_t i = 0; i < chart.bands.size(); ++i) {
    const double row = lines_end + kLegendRow * static_cast<double>(i);
    svg.rect(0, row + 5, 12, 10, band_class(i));
    svg.text(18, row + 14, fitted(chart.bands[i].name, width - 18), "legend");
  }
  draw_y_axis(svg, area, y, chart.y_title);
  draw_x_axis(svg, area, x, whole_ticks(shown.places, area.right - area.left), chart.x_title);
  for (std::size_t i = 0; i < chart.bands.size(); ++i) draw_band(svg, chart.bands[i], i, x, y);
  if (chart.level) svg.line(area.left, y(*chart.level), area.right, y(*chart.level), "level");
  for (std::size_t i = 0; i < chart.lines.size(); ++i)
    draw_line(svg, chart.lines[i], static_cast<int>(i), x, y);
  return svg.str();
}

}  // namespace vitlab::charts
