#include "charts/roofline_chart.h"

#include "svg_probe.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::charts {
namespace {

RooflineChart crowded_roofline() {
  RooflineChart chart;
  chart.id = "test";
  chart.categories = {"multiplication", "reshape", "normalization", "copy", "addition", "other"};
  chart.bandwidths = {{"memory", 12}, {"L3", 25}, {"L2", 60}, {"L1", 190}};
  chart.computes = {{"multiplication", 90}, {"registers", 140}};
  for (int i = 0; i < 60; ++i) {
    RooflinePoint point;
    point.flops_per_byte = i % 6 == 0 ? 0 : 0.05 * i * i;
    point.gflops_per_s = 0.01 + 3.0 * i;
    point.gbytes_per_s = 1 + i;
    point.time_ms = 0.01 * (i + 1);
    point.category = static_cast<std::size_t>(i % 6 == 0 ? (i % 12 == 0 ? 1 : 3) : i % 6);
    point.tip = "<b>";
    chart.points.push_back(point);
  }
  return chart;
}

TEST_CASE("a roofline shows every op inside its frame, and no text covers another", "[charts]") {
  for (const double width : {960.0, 350.0}) {
    const std::string svg = roofline_chart(crowded_roofline(), width);
    CHECK(xml_problem(svg) == "");
    const auto marks = svg_marks(svg, "op ");
    CHECK(marks.size() == 60 + 5);  // and the legend: 5 categories
    for (const auto& [x, y] : marks) {
      CHECK(x > 0);
      CHECK(x < width);
      CHECK(y > 0);
      CHECK(y < svg_size(svg).height);
    }
    CHECK(covered_texts(svg) == "");
    const std::string leader = "<path class=\"leader\"";
    for (std::size_t at = svg.find(leader); at != std::string::npos;
         at = svg.find(leader, at + 1)) {
      const std::string d = svg_attribute(svg, at, "d");
      const double x = std::stod(d.substr(1)), from = std::stod(d.substr(d.find(' ')));
      const double to = std::stod(d.substr(d.rfind(' ')));
      for (const SvgText& text : svg_texts(svg)) {
        INFO(text.text);
        const bool is_crossed =
            text.left < x && x < text.right && from < text.base - 4 && text.base - 4 < to;
        CHECK_FALSE(is_crossed);
      }
    }
    for (const SvgText& text : svg_texts(svg)) {
      INFO(text.text);
      CHECK(text.left >= -1);
      CHECK(text.right <= width + 1);
    }
  }
}

TEST_CASE("a roof stands where its bandwidth meets its arithmetic", "[charts]") {
  RooflineChart chart;
  chart.id = "test";
  chart.categories = {"multiplication"};
  chart.bandwidths = {{"memory", 10}};
  chart.computes = {{"peak", 100}};
  chart.points = {{10, 100, 10, 1, 0, "on the bend"}};
  const std::string svg = roofline_chart(chart, 960);
  const auto marks = svg_marks(svg, "op c0");
  REQUIRE(marks.size() == 2);
  // The circle's path starts at its left end, one radius beside the centre.
  const std::string roof = svg_attribute(svg, svg.find("<path class=\"roof\""), "d");
  const std::string bend = roof.substr(roof.find('L') + 1);
  CHECK(std::stod(bend) == Approx(marks[1].first + 13).margin(0.1));
  CHECK(std::stod(bend.substr(bend.find(' '))) == Approx(marks[1].second).margin(0.1));
}

TEST_CASE("a roofline without ops or without roofs is not drawn", "[charts]") {
  RooflineChart chart = crowded_roofline();
  chart.computes.clear();
  CHECK(roofline_chart(chart, 960).empty());
  chart = crowded_roofline();
  chart.bandwidths = {{"memory", 0}};
  CHECK(roofline_chart(chart, 960).empty());
  chart = crowded_roofline();
  for (RooflinePoint& point : chart.points) point.time_ms = 0;
  CHECK(roofline_chart(chart, 960).empty());
}

}  // namespace
}  // namespace vitlab::charts
