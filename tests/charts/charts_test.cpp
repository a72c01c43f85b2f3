#include <algorithm>
#include <cmath>
#include <limits>

#include "charts/chart_style.h"
#include "charts/curve_chart.h"
#include "charts/heat_map.h"
#include "charts/line_chart.h"
#include "charts/scatter_chart.h"
#include "charts/stacked_bars.h"
#include "charts/svg_writer.h"
#include "svg_probe.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::charts {
namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();

ScatterChart scatter_of(std::size_t points) {
  ScatterChart chart;
  chart.id = "test";
  chart.title = "A <b> & \"c\"";
  for (std::size_t i = 0; i < points; ++i) {
    ScatterPoint point;
    point.x = 10 + static_cast<double>(i);
    point.y = static_cast<double>((i * 37) % 101);
    point.label = std::to_string(i);
    point.tip = "<script>";
    point.is_on_front = i % 100 == 0;
    chart.points.push_back(point);
  }
  return chart;
}

TEST_CASE("the checker of XML refuses what is not well-formed", "[charts]") {
  CHECK(xml_problem("<a b=\"1\"><c/>x &amp; y</a>").empty());
  for (const char* bad : {"<a>", "<a></b>", "<a b=1></a>", "<a>&</a>", "<a b=\"<\"></a>",
                          "<a/><b/>", "<a b=\"1\" b=\"2\"/>", "", "x<a/>"})
    CHECK_FALSE(xml_problem(bad).empty());
}

TEST_CASE("texts of a drawing are escaped", "[charts]") {
  const std::string svg = scatter_chart(scatter_of(3), 700);
  CHECK(xml_problem(svg) == "");
  CHECK(svg.find("<script>") == std::string::npos);
  CHECK(svg.find("&lt;script&gt;") != std::string::npos);
}

TEST_CASE("a number that is not finite is never drawn", "[charts]") {
  ScatterChart chart = scatter_of(2);
  chart.points[0].y = kNan;
  CHECK(occurrences(scatter_chart(chart, 700), "class=\"mark") == 1);
  chart.points[1].x = kNan;
  CHECK(scatter_chart(chart, 700).empty());
  CHECK_THROWS_AS(svg_number(kNan), std::logic_error);
}

TEST_CASE("marks stand inside the drawing, also for one point and for equal points", "[charts]") {
  for (const std::size_t points : {std::size_t{1}, std::size_t{2}, std::size_t{40}}) {
    ScatterChart chart = scatter_of(points);
    for (ScatterPoint& point : chart.points) point.x = 5;
    CHECK(xml_problem(scatter_chart(chart, 350)) == "");
  }
}

TEST_CASE("thinning keeps the front and exactly as many points as asked for", "[charts]") {
  const std::vector<ScatterPoint> all = scatter_of(5000).points;
  const std::vector<ScatterPoint> kept = thinned(all, 2000);
  CHECK(kept.size() == 2000);
  int front = 0;
  double before = -1;
  for (const ScatterPoint& point : kept) {
    front += point.is_on_front ? 1 : 0;
    CHECK(point.x > before);
    before = point.x;
  }
  CHECK(front == 50);
  CHECK(thinned(all, 5000).size() == 5000);
}

TEST_CASE("a bar's segments are as long as its shares", "[charts]") {
  StackedBars chart;
  chart.id = "test";
  chart.categories = {"a", "b"};
  chart.bars = {{"m", {0.25, 0.75}, false}};
  const std::string svg = stacked_bars(chart, 860);
  CHECK(xml_problem(svg) == "");
  // 860 less 230 for names and 60 for sums leave 570.
  CHECK(svg.find("width=\"142.5\"") != std::string::npos);
  CHECK(svg.find("width=\"427.5\"") != std::string::npos);
  // A long name gets more room, but not all of it.
  chart.bars[0].label = std::string(300, 'x');
  CHECK(stacked_bars(chart, 860).find("width=\"117.5\"") != std::string::npos);
  chart.bars[0].shares[0] = -1;
  CHECK_THROWS_AS(stacked_bars(chart, 860), std::logic_error);
  chart.bars.clear();
  CHECK(stacked_bars(chart, 860).empty());
}

TEST_CASE("a line has a gap where a value is missing", "[charts]") {
  LineChart chart;
  chart.id = "test";
  chart.lines = {{"m", {{0.1, ""}, {std::nullopt, ""}, {0.3, ""}, {kNan, ""}}}};
  const std::string svg = line_chart(chart, 700);
  CHECK(xml_problem(svg) == "");
  CHECK(occurrences(svg, "class=\"mark solid s0\"") == 3);  // two values and the legend
  chart.lines[0].points = {{std::nullopt, ""}};
  CHECK(line_chart(chart, 700).empty());
}

TEST_CASE("cells of a heat map carry their percent, and missing ones are left out", "[charts]") {
  HeatMap chart;
  chart.id = "test";
  chart.groups = {{"g", {{"m", {{0.5, "t"}, {std::nullopt, ""}, {1.0, ""}}}}}};
  const std::string svg = heat_map(chart, 700);
  CHECK(xml_problem(svg) == "");
  CHECK(occurrences(svg, "class=\"cell") == 2);
  CHECK(svg.find(">50</text>") != std::string::npos);
  CHECK(svg.find("h6") != std::string::npos);
}

TEST_CASE("a curve leaves out what is not finite, and its named points find room", "[charts]") {
  CurveChart chart;
  chart.id = "test";
  CurvePanel panel;
  panel.curves = {{"a",
                   0,
                   false,
                   true,
                   {{0, 1, {}, {}, ""}, {50, 0.0 / 0.0, {}, {}, ""}, {100, 3, 2.5, 3.5, "<i>"}}}};
  panel.named = {{50, 2, "theirs"}};
  chart.panels = {panel, CurvePanel{}};
  const std::string svg = curve_chart(chart, 700);
  CHECK(xml_problem(svg) == "");
  CHECK(occurrences(svg, "class=\"mark solid s0\"") == 3);  // two points and the legend
  CHECK(occurrences(svg, "class=\"interval") == 1);
  CHECK(occurrences(svg, ">theirs</text>") == 1);
  CHECK(covered_texts(svg) == "");
  chart.panels[0].curves.clear();
  CHECK(curve_chart(chart, 700).empty());
}

}  // namespace
}  // namespace vitlab::charts
