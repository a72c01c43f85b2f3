#include "charts/roofline_chart.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "charts/chart_frame.h"
#include "core/error.h"

namespace vitlab::charts {
namespace {

constexpr double kLabelRow = 16;
constexpr double kLane = 26;
constexpr double kLeastMark = 2.5;
constexpr double kMostMark = 13;

bool is_positive(double value) { return std::isfinite(value) && value > 0; }

bool computes(const RooflinePoint& point) {
  return is_positive(point.time_ms) && is_positive(point.flops_per_byte) &&
         is_positive(point.gflops_per_s);
}

bool only_moves(const RooflinePoint& point) {
  return is_positive(point.time_ms) && !is_positive(point.flops_per_byte) &&
         is_positive(point.gbytes_per_s);
}

std::vector<Roof> rising(const std::vector<Roof>& roofs) {
  std::vector<Roof> kept;
  std::copy_if(roofs.begin(), roofs.end(), std::back_inserter(kept),
               [](const Roof& roof) { return is_positive(roof.value); });
  std::stable_sort(kept.begin(), kept.end(),
                   [](const Roof& a, const Roof& b) { return a.value < b.value; });
  return kept;
}

/// A label above the plot, the text ending at the place on the axis that it names.
struct RoofLabel {
  std::string text;
  double at = 0;
  double left = 0;
  int row = 0;  // 0: just above the plot
};

/// Labels in rows, left to right, so that no text covers another and no leader crosses a text.
std::vector<RoofLabel> placed_labels(std::vector<RoofLabel> labels, const PlotArea& area) {
  std::stable_sort(labels.begin(), labels.end(),
                   [](const RoofLabel& a, const RoofLabel& b) { return a.at < b.at; });
  for (std::size_t i = 0; i < labels.size(); ++i) {
    RoofLabel& label = labels[i];
    label.text = fitted(label.text, area.right - area.left);
    label.left = std::max(area.left, label.at - text_width(label.text));
    const auto is_taken = [&](const RoofLabel& other) {
      if (other.row > label.row) return label.left < other.at + 4;  // a leader comes down there
      return other.row == label.row && label.left < other.left + text_width(other.text) + 8 &&
             other.left < label.left + text_width(label.text) + 8;
    };
    while (std::any_of(labels.begin(), labels.begin() + static_cast<std::ptrdiff_t>(i), is_taken))
      ++label.row;
  }
  return labels;
}

int rows_of(const std::vector<RoofLabel>& labels) {
  int rows = 0;
  for (const RoofLabel& label : labels) rows = std::max(rows, label.row + 1);
  return rows;
}

/// `clear` pixels above the plot stay free for marks on its upper edge.
void draw_labels(SvgWriter& svg, const std::vector<RoofLabel>& labels, double top, double clear) {
  for (const RoofLabel& label : labels) {
    const double base = top - clear - 6 - kLabelRow * label.row;
    if (label.at < label.left + text_width(label.text) + 1)
      svg.line(label.at, base + 3, label.at, top, "leader");
    svg.text(label.left, base, label.text, "tick");
  }
}

/// What the drawing is made from, checked and sorted.
struct Roofline {
  std::vector<const RooflinePoint*> computing;
  std::vector<const RooflinePoint*> moving;
  std::vector<Roof> bandwidths;  // rising
  std::vector<Roof> computes;    // rising
  double longest_ms = 0;
  AxisScale x;
  AxisScale y;

  double peak() const { return computes.back().value; }
};

double radius_of(const Roofline& roofline, const RooflinePoint& point) {
  return std::max(kLeastMark, kMostMark * std::sqrt(point.time_ms / roofline.longest_ms));
}

void draw_point(SvgWriter& svg, const Roofline& roofline, const RooflinePoint& point, double x,
                double y) {
  svg.mark(series_shape(static_cast<int>(point.category)), x, y, radius_of(roofline, point),
           fmt::format("op c{}", point.category), point.tip);
}

Roofline roofline_of(const RooflineChart& chart) {
  Roofline roofline;
  for (const RooflinePoint& point : chart.points) {
    if (computes(point)) roofline.computing.push_back(&point);
    if (only_moves(point)) roofline.moving.push_back(&point);
    if (is_positive(point.time_ms))
      roofline.longest_ms = std::max(roofline.longest_ms, point.time_ms);
  }
  const auto longest_first = [](const RooflinePoint* a, const RooflinePoint* b) {
    return a->time_ms > b->time_ms;  // small marks are drawn over large ones
  };
  std::stable_sort(roofline.computing.begin(), roofline.computing.end(), longest_first);
  std::stable_sort(roofline.moving.begin(), roofline.moving.end(), longest_first);
  roofline.bandwidths = rising(chart.bandwidths);
  roofline.computes = rising(chart.computes);
  return roofline;
}

/// Sets the scales over a plot from `left` to `right`; the vertical one is moved later.
void set_scales(Roofline& roofline, double left, double right) {
  const double ridge = roofline.peak() / roofline.bandwidths.front().value;
  double x_low = ridge / 4, x_high = 2 * ridge, y_low = roofline.peak() / 10;
  double y_high = roofline.peak();
  for (const RooflinePoint* point : roofline.computing) {
    x_low = std::min(x_low, point->flops_per_byte);
    x_high = std::max(x_high, point->flops_per_byte);
    y_low = std::min(y_low, point->gflops_per_s);
    y_high = std::max(y_high, point->gflops_per_s);
  }
  roofline.x = roomy_scale({x_low, x_high}, left, right, true);
  roofline.y = roomy_scale({y_low, y_high}, 1, 0, true);
  if (y_high == roofline.peak()) roofline.y.high = y_high;  // the roof is the frame's upper edge
}

std::string roof_text(const Roof& roof, const char* unit) {
  return fmt::format("{} {} {}", roof.name, rate(roof.value), unit);
}

std::vector<RoofLabel> roof_labels(const Roofline& roofline, const PlotArea& area) {
  std::vector<RoofLabel> labels;
  for (const Roof& roof : roofline.bandwidths) {
    const double ridge = roofline.peak() / roof.value;
    if (ridge > roofline.x.low && ridge < roofline.x.high)
      labels.push_back({roof_text(roof, "GB/s"), roofline.x(ridge), 0, 0});
  }
  labels.push_back({roof_text(roofline.computes.back(), "GFLOP/s"), area.right, 0, 0});
  return placed_labels(std::move(labels), area);
}

void draw_roofs(SvgWriter& svg, const Roofline& roofline, const PlotArea& area) {
  const AxisScale &x = roofline.x, &y = roofline.y;
  for (const Roof& roof : roofline.bandwidths) {
    const double from = std::max(x.low, y.low / roof.value);
    const double to = std::min(x.high, roofline.peak() / roof.value);
    if (from < to) svg.line(x(from), y(from * roof.value), x(to), y(to * roof.value), "roof");
  }
  const double fastest = roofline.bandwidths.back().value;
  for (const Roof& roof : roofline.computes) {
    const bool is_highest = &roof == &roofline.computes.back();
    const double from = std::clamp(roof.value / fastest, x.low, x.high);
    svg.line(x(from), y(roof.value), area.right, y(roof.value), is_highest ? "roof" : "level");
  }
}

/// Names of the lower roofs of arithmetic, over the marks.
void draw_inner_labels(SvgWriter& svg, const Roofline& roofline, const PlotArea& area) {
  for (const Roof& roof : roofline.computes)
    if (&roof != &roofline.computes.back())
      svg.text(area.right - 4, roofline.y(roof.value) + 14, roof_text(roof, "GFLOP/s"), "halo tick",
               Anchor::kEnd);
}

std::vector<LegendEntry> legend_of(const Roofline& roofline,
                                   const std::vector<std::string>& categories) {
  std::vector<LegendEntry> entries;
  for (std::size_t i = 0; i < categories.size(); ++i) {
    const auto is_it = [i](const RooflinePoint* point) { return point->category == i; };
    if (std::any_of(roofline.computing.begin(), roofline.computing.end(), is_it) ||
        std::any_of(roofline.moving.begin(), roofline.moving.end(), is_it))
      entries.push_back({categories[i], static_cast<int>(i), fmt::format("op c{}", i)});
  }
  return entries;
}

/// Lanes of the ops that only move, by bandwidth.
struct Lanes {
  std::vector<std::size_t> categories;  // those that have any
  AxisScale x;
  std::vector<RoofLabel> labels;
  PlotArea area;
};

Lanes lanes_of(const Roofline& roofline, double width, double top) {
  Lanes lanes;
  double low = roofline.bandwidths.front().value, high = roofline.bandwidths.back().value;
  for (const RooflinePoint* point : roofline.moving) {
    low = std::min(low, point->gbytes_per_s);
    high = std::max(high, point->gbytes_per_s);
    if (std::find(lanes.categories.begin(), lanes.categories.end(), point->category) ==
        lanes.categories.end())
      lanes.categories.push_back(point->category);
  }
  std::sort(lanes.categories.begin(), lanes.categories.end());
  lanes.area = {92, 0, width - 14, 0};
  lanes.x = roomy_scale({low, high}, lanes.area.left, lanes.area.right, true);
  for (const Roof& roof : roofline.bandwidths)
    lanes.labels.push_back({roof.name, lanes.x(roof.value), 0, 0});
  lanes.labels = placed_labels(std::move(lanes.labels), lanes.area);
  lanes.area.top = top + 30 + kLabelRow * rows_of(lanes.labels);
  lanes.area.bottom = lanes.area.top + kLane * static_cast<double>(lanes.categories.size()) + 6;
  return lanes;
}

void draw_lanes(SvgWriter& svg, const Roofline& roofline, const Lanes& lanes,
                const std::vector<std::string>& names, double top) {
  svg.text(0, top + 14, "Ops that only move data", "group");
  draw_labels(svg, lanes.labels, lanes.area.top, 0);
  for (const Roof& roof : roofline.bandwidths)
    svg.line(lanes.x(roof.value), lanes.area.top, lanes.x(roof.value), lanes.area.bottom, "roof");
  const auto y_of = [&](std::size_t category) {
    const auto at = std::find(lanes.categories.begin(), lanes.categories.end(), category);
    return lanes.area.top + kLane * (static_cast<double>(at - lanes.categories.begin()) + 0.5) + 3;
  };
  for (const std::size_t category : lanes.categories) {
    svg.line(lanes.area.left, y_of(category), lanes.area.right, y_of(category), "grid");
    svg.text(lanes.area.left - 10, y_of(category) + 4, names[category], "row-label", Anchor::kEnd);
  }
  const int wanted = std::max(3, static_cast<int>((lanes.area.right - lanes.area.left) / 90));
  draw_x_axis(svg, lanes.area, lanes.x, nice_ticks(lanes.x, wanted), "Achieved, GB/s");
  for (const RooflinePoint* point : roofline.moving)
    draw_point(svg, roofline, *point, lanes.x(point->gbytes_per_s), y_of(point->category));
}

}  // namespace

std::string roofline_chart(const RooflineChart& chart, double width) {
  for (const RooflinePoint& point : chart.points)
    core::ensure(point.category < chart.categories.size(), "a point is of a named category");
  Roofline roofline = roofline_of(chart);
  if (roofline.computing.empty() || roofline.bandwidths.empty() || roofline.computes.empty())
    return "";
  const std::vector<LegendEntry> legend = legend_of(roofline, chart.categories);
  PlotArea area{46, 0, width - 14, 0};
  set_scales(roofline, area.left, area.right);
  const std::vector<RoofLabel> labels = roof_labels(roofline, area);
  const double labels_top = kLegendRow * legend_rows(legend, width) + 30;
  area.top = labels_top + kLabelRow * rows_of(labels) + kMostMark + 4;
  area.bottom = area.top + std::clamp(0.5 * width, 230.0, 400.0);
  roofline.y.from = area.bottom;
  roofline.y.to = area.top;

  const double lanes_top = area.bottom + 56;
  const Lanes lanes = lanes_of(roofline, width, lanes_top);
  const double height = (roofline.moving.empty() ? area.bottom : lanes.area.bottom) + 46;
  SvgWriter svg(chart.id, width, height, chart.title, chart.description);
  draw_legend(svg, legend, 0, 0, width);
  svg.text(0, labels_top - 8, "Achieved, GFLOP/s", "axis-title");
  draw_y_axis(svg, area, roofline.y, "");
  const int wanted = std::max(3, static_cast<int>((area.right - area.left) / 90));
  draw_x_axis(svg, area, roofline.x, nice_ticks(roofline.x, wanted), "FLOP a byte moved");
  draw_roofs(svg, roofline, area);
  draw_labels(svg, labels, area.top, kMostMark);
  for (const RooflinePoint* point : roofline.computing)
    draw_point(svg, roofline, *point, roofline.x(point->flops_per_byte),
               roofline.y(point->gflops_per_s));
  draw_inner_labels(svg, roofline, area);
  if (!roofline.moving.empty()) draw_lanes(svg, roofline, lanes, chart.categories, lanes_top);
  return svg.str();
}

}  // namespace vitlab::charts
