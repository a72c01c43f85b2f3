#include "charts/chart_frame.h"

#include <algorithm>

namespace vitlab::charts {
namespace {

constexpr double kMarkWidth = 18;
constexpr double kEntryGap = 18;

/// Calls `place(entry, x, row, name)` for every entry, wrapped to the width; returns the rows.
template <typename Place>
int lay_out(const std::vector<LegendEntry>& entries, double width, const Place& place) {
  double x = 0;
  int row = 0;
  for (const LegendEntry& entry : entries) {
    const std::string name = fitted(entry.name, width - kMarkWidth);
    const double wide = kMarkWidth + text_width(name);
    if (x > 0 && x + wide > width) {
      x = 0;
      ++row;
    }
    place(entry, x, row, name);
    x += wide + kEntryGap;
  }
  return entries.empty() ? 0 : row + 1;
}

}  // namespace

void draw_y_axis(SvgWriter& svg, const PlotArea& area, const AxisScale& scale,
                 const std::string& title) {
  const int wanted = std::max(3, static_cast<int>((area.bottom - area.top) / 55));
  for (const Tick& tick : nice_ticks(scale, wanted)) {
    const double y = scale(tick.value);
    svg.line(area.left, y, area.right, y, "grid");
    svg.text(area.left - 8, y + 4, tick.label, "tick", Anchor::kEnd);
  }
  svg.text(0, area.top - 14, title, "axis-title");
}

void draw_x_axis(SvgWriter& svg, const PlotArea& area, const AxisScale& scale,
                 const std::vector<Tick>& ticks, const std::string& title) {
  svg.line(area.left, area.bottom, area.right, area.bottom, "axis");
  double free_from = -1e9;
  for (const Tick& tick : ticks) {
    const double x = scale(tick.value);
    const double half = text_width(tick.label) / 2;
    svg.line(x, area.bottom, x, area.bottom + 4, "axis");
    if (x - half < free_from) continue;
    svg.text(x, area.bottom + 18, tick.label, "tick", Anchor::kMiddle);
    free_from = x + half + 6;
  }
  svg.text(area.right, area.bottom + 38, title, "axis-title", Anchor::kEnd);
}

int legend_rows(const std::vector<LegendEntry>& entries, double width) {
  return lay_out(entries, width, [](const LegendEntry&, double, int, const std::string&) {});
}

void draw_legend(SvgWriter& svg, const std::vector<LegendEntry>& entries, double left, double top,
                 double width) {
  lay_out(entries, width,
          [&](const LegendEntry& entry, double x, int row, const std::string& name) {
            const double y = top + kLegendRow * row + 10;
            svg.mark(series_shape(entry.series), left + x + 6, y, 4.5,
                     entry.classes.empty() ? "solid " + series_class(entry.series) : entry.classes);
            svg.text(left + x + kMarkWidth, y + 4, name, "legend");
          });
}

}  // namespace vitlab::charts
