#pragma once

#include <string>
#include <vector>

#include "charts/scale.h"
#include "charts/svg_writer.h"

namespace vitlab::charts {

/// The plotting area of a chart, in pixels.
struct PlotArea {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;
};

/// Grid lines and labels of the vertical axis, its title above the area.
void draw_y_axis(SvgWriter& svg, const PlotArea& area, const AxisScale& scale,
                 const std::string& title);
/// Ticks and labels of the horizontal axis and its title below; labels that would touch are left
/// out.
void draw_x_axis(SvgWriter& svg, const PlotArea& area, const AxisScale& scale,
                 const std::vector<Tick>& ticks, const std::string& title);

/// One entry of a legend: a mark of a series and its name.
struct LegendEntry {
  std::string name;
  int series = 0;
  std::string classes;  // of the mark; "" for those of the series
};
/// Rows that a legend takes at this width.
int legend_rows(const std::vector<LegendEntry>& entries, double width);
/// Draws it from (left, top) on; rows are kLegendRow apart.
inline constexpr double kLegendRow = 20;
void draw_legend(SvgWriter& svg, const std::vector<LegendEntry>& entries, double left, double top,
                 double width);

}  // namespace vitlab::charts
