#include "charts/stacked_bars.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "charts/chart_frame.h"
#include "core/error.h"

namespace vitlab::charts {
namespace {

constexpr double kBarHeight = 22;
constexpr double kWideFrom = 560;
constexpr double kSumWidth = 60;
constexpr double kLeastLabels = 230, kMostLabels = 330;  // room beside the bars

struct Layout {
  bool is_wide = false;
  double left = 0;   // where bars begin
  double right = 0;  // where 100 % is
  double row = 0;    // from bar to bar
};

Layout layout_for(const StackedBars& chart, double width) {
  Layout layout;
  layout.is_wide = width >= kWideFrom;
  double labels = 0;
  for (const Bar& bar : chart.bars) labels = std::max(labels, text_width(bar.label));
  layout.left = layout.is_wide ? std::clamp(labels + 20, kLeastLabels, kMostLabels) : 0;
  layout.right = width - kSumWidth;
  layout.row = layout.is_wide ? kBarHeight + 18 : kBarHeight + 34;
  return layout;
}

std::string percent_text(double share) { return fmt::format("{:.1f} %", 100 * share); }

void draw_bracket(SvgWriter& svg, double from, double to, double y) {
  svg.path(
      fmt::format("M{0} {1}v4H{2}v-4", svg_number(from + 1), svg_number(y + 2), svg_number(to - 1)),
      "bracket");
}

void draw_bar(SvgWriter& svg, const StackedBars& chart, const Bar& bar, const Layout& layout,
              double y) {
  const double per_share = layout.right - layout.left;
  double total = 0;
  for (const double share : bar.shares) total += share;
  const double scale = total > 1 ? per_share / total : per_share;
  double x = layout.left, bracket_left = x, bracket_right = x, sum = 0;
  for (std::size_t i = 0; i < bar.shares.size(); ++i) {
    const double wide = bar.shares[i] * scale;
    if (i == chart.bracket_from) bracket_left = x;
    svg.rect(x, y, wide, kBarHeight, fmt::format("segment c{}", i),
             fmt::format("{}: {} {}", bar.label, chart.categories[i], percent_text(bar.shares[i])));
    if (wide >= 30)
      svg.text(x + wide / 2, y + 15, fmt::format("{:.0f}", 100 * bar.shares[i]),
               fmt::format("inside i{}", i), Anchor::kMiddle);
    x += wide;
    if (i >= chart.bracket_from && i < chart.bracket_to) {
      sum += bar.shares[i];
      bracket_right = x;
    }
  }
  if (chart.bracket_to <= chart.bracket_from) return;
  if (bracket_right - bracket_left > 4)
    draw_bracket(svg, bracket_left, bracket_right, y + kBarHeight);
  svg.text(layout.right + kSumWidth, y + 15, percent_text(sum), "value", Anchor::kEnd);
}

/// Names of the categories with their colours; returns the height.
double draw_categories(SvgWriter& svg, const StackedBars& chart, double width) {
  double x = 0, y = 0;
  for (std::size_t i = 0; i < chart.categories.size(); ++i) {
    const double wide = 18 + text_width(chart.categories[i]);
    if (x > 0 && x + wide > width) {
      x = 0;
      y += kLegendRow;
    }
    svg.rect(x, y + 4, 12, 12, fmt::format("segment c{}", i));
    svg.text(x + 18, y + 14, chart.categories[i], "legend");
    x += wide + 16;
  }
  return y + kLegendRow;
}

double height_of(const StackedBars& chart, const Layout& layout, double width) {
  SvgWriter scratch("", width, 0, "", "");
  double height = draw_categories(scratch, chart, width) + 30;
  bool has_heading = false;
  for (const Bar& bar : chart.bars) {
    if (bar.is_reference && !has_heading) height += 30;
    has_heading = has_heading || bar.is_reference;
    height += layout.row;
  }
  return height;
}

}  // namespace

std::string stacked_bars(const StackedBars& chart, double width) {
  if (chart.bars.empty()) return "";
  for (const Bar& bar : chart.bars) {
    core::ensure(bar.shares.size() == chart.categories.size(), "a bar has one share a category");
    for (const double share : bar.shares)
      core::ensure(std::isfinite(share) && share >= 0, "a share is finite and not negative");
  }
  const Layout layout = layout_for(chart, width);
  SvgWriter svg(chart.id, width, height_of(chart, layout, width), chart.title, chart.description);
  double y = draw_categories(svg, chart, width) + 20;
  svg.text(width, y - 4, chart.bracket_name, "axis-title", Anchor::kEnd);
  y += 6;
  bool has_heading = false;
  for (const Bar& bar : chart.bars) {
    if (bar.is_reference && !has_heading) {
      svg.text(0, y + 14, fitted(chart.reference_heading, width), "axis-title");
      y += 30;
      has_heading = true;
    }
    if (layout.is_wide) {
      svg.text(layout.left - 12, y + 15, fitted(bar.label, layout.left - 14), "row-label",
               Anchor::kEnd);
    } else {
      svg.text(0, y + 10, fitted(bar.label, width), "row-label");
      y += 16;
    }
    draw_bar(svg, chart, bar, layout, y);
    y += layout.is_wide ? layout.row : layout.row - 16;
  }
  return svg.str();
}

}  // namespace vitlab::charts
