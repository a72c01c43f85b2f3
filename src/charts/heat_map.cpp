#include "charts/heat_map.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "charts/svg_writer.h"

namespace vitlab::charts {
namespace {

constexpr double kWideMapFrom = 560;
constexpr double kRow = 26;
constexpr double kHeading = 30;
constexpr double kWidestCell = 48;
constexpr double kColumnNumbers = 18;
constexpr double kTextFrom = 27;

struct MapLayout {
  bool is_wide = false;
  double left = 0;
  double cell = 0;
  double row = 0;
  std::size_t columns = 0;
};

MapLayout layout_for(const HeatGroup& group, double width) {
  MapLayout layout;
  for (const HeatRow& row : group.rows) layout.columns = std::max(layout.columns, row.cells.size());
  layout.is_wide = width >= kWideMapFrom;
  layout.left = layout.is_wide ? 230 : 0;
  layout.row = layout.is_wide ? kRow : kRow + 16;
  if (layout.columns > 0)
    layout.cell =
        std::min(kWidestCell, (width - layout.left) / static_cast<double>(layout.columns));
  return layout;
}

void draw_row(SvgWriter& svg, const HeatRow& row, const MapLayout& layout, double y) {
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    const HeatCell& cell = row.cells[i];
    if (!cell.share || !std::isfinite(*cell.share)) continue;
    const double x = layout.left + layout.cell * static_cast<double>(i);
    const int colour = heat_colour(*cell.share);
    svg.rect(x, y, layout.cell - 1.5, kRow - 3, fmt::format("cell h{}", colour), cell.tip);
    if (layout.cell >= kTextFrom)
      svg.text(x + layout.cell / 2 - 0.75, y + 16, fmt::format("{:.0f}", 100 * *cell.share),
               fmt::format("inside t{}", colour), Anchor::kMiddle);
  }
}

/// Draws a group from `y` on and returns where it ends.
double draw_group(SvgWriter& svg, const HeatGroup& group, double width, double y) {
  const MapLayout layout = layout_for(group, width);
  svg.text(layout.left, y + 18, fitted(group.heading, width - layout.left), "group");
  y += kHeading - 4;
  for (const HeatRow& row : group.rows) {
    if (layout.is_wide)
      svg.text(layout.left - 12, y + 16, fitted(row.label, layout.left - 14), "row-label",
               Anchor::kEnd);
    else
      svg.text(0, y + 11, fitted(row.label, width), "row-label");
    draw_row(svg, row, layout, layout.is_wide ? y : y + 16);
    y += layout.row;
  }
  const auto step = static_cast<std::size_t>(std::ceil(20 / layout.cell));
  for (std::size_t i = 0; i < layout.columns; i += step)
    svg.text(layout.left + layout.cell * (static_cast<double>(i) + 0.5), y + 12,
             std::to_string(i + 1), "tick", Anchor::kMiddle);
  return y + kColumnNumbers + 4;
}

}  // namespace

int heat_colour(double share) {
  return std::clamp(static_cast<int>(std::clamp(share, 0.0, 1.0) * kHeatColours), 0,
                    kHeatColours - 1);
}

std::string heat_map(const HeatMap& chart, double width) {
  double height = 22;
  bool is_empty = true;
  double left = 0;
  for (const HeatGroup& group : chart.groups) {
    const MapLayout layout = layout_for(group, width);
    if (layout.columns == 0) continue;
    is_empty = false;
    left = layout.left;
    height += kHeading + kColumnNumbers + layout.row * static_cast<double>(group.rows.size());
  }
  if (is_empty) return "";
  SvgWriter svg(chart.id, width, height, chart.title, chart.description);
  double y = 0;
  for (const HeatGroup& group : chart.groups)
    if (layout_for(group, width).columns > 0) y = draw_group(svg, group, width, y);
  svg.text(left, y + 12, chart.x_title, "axis-title");
  return svg.str();
}

}  // namespace vitlab::charts
