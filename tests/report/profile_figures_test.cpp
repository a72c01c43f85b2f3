#include "report/profile_figures.h"

#include <algorithm>

#include "report/curve_chart.h"
#include "report/roofline_chart.h"
#include "report/words.h"
#include "sample_profile.h"
#include "svg_probe.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::report {
namespace {

RooflineChart crowded_roofline() {
  RooflineChart chart;
  chart.id = "test";
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

TEST_CASE("a roofline shows every op inside its frame, and no text covers another", "[report]") {
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

TEST_CASE("a roof stands where its bandwidth meets its arithmetic", "[report]") {
  RooflineChart chart;
  chart.id = "test";
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

TEST_CASE("a roofline without ops or without roofs is not drawn", "[report]") {
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

TEST_CASE("the table of a roofline holds the numbers of the profile, the longest op first",
          "[report]") {
  const ProfileFacts facts = profile_facts(sample_profile(1));
  const Figure figure = roofline_figure(facts, "m", "roofline");
  REQUIRE(figure.rows.size() == 10);
  CHECK(figure.rows[0][0] == "stages.0.layers.0.qkv");
  CHECK(figure.rows[0][4] == "4");
  CHECK(figure.rows[0][7] == "50");
  CHECK(figure.caption.find("Left out") == std::string::npos);
}

TEST_CASE("bars of stages and kinds are shares of the whole", "[report]") {
  const Figure figure = groups_figure(profile_facts(sample_profile(1)));
  REQUIRE(figure.rows.size() == 3);  // one stage, two kinds
  CHECK(figure.rows[1][0] == "kind: full");
  CHECK(figure.rows[1][1] == percent(8 / 19.51) + " %");
  CHECK(covered_texts(figure.wide) == "");
}

TEST_CASE("memory is drawn op by op, predicted and measured", "[report]") {
  const Figure figure = memory_figure(profile_facts(sample_profile(1)));
  CHECK(occurrences(figure.wide, "class=\"line ") == 2);
  REQUIRE(figure.rows.size() == 2);
  CHECK(figure.rows[0] == std::vector<std::string>{"1", "stages.0.layers.0.qkv", "3.815", "4.292"});
  core::Json without = sample_profile(1);
  without.erase("memory");
  CHECK(memory_figure(profile_facts(without)).wide.empty());
}

TEST_CASE("a curve leaves out what is not finite, and its named points find room", "[report]") {
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
}  // namespace vitlab::report
