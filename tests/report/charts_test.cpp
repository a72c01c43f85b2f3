#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "report/chart_style.h"
#include "report/figures.h"
#include "report/heat_map.h"
#include "report/line_chart.h"
#include "report/paper_values.h"
#include "report/scatter_chart.h"
#include "report/stacked_bars.h"
#include "report/svg_writer.h"
#include "sample_profile.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::report {
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

TEST_CASE("the checker of XML refuses what is not well-formed", "[report]") {
  CHECK(xml_problem("<a b=\"1\"><c/>x &amp; y</a>").empty());
  for (const char* bad : {"<a>", "<a></b>", "<a b=1></a>", "<a>&</a>", "<a b=\"<\"></a>",
                          "<a/><b/>", "<a b=\"1\" b=\"2\"/>", "", "x<a/>"})
    CHECK_FALSE(xml_problem(bad).empty());
}

TEST_CASE("every drawing of a report is well-formed, described, and free of NaN", "[report]") {
  std::vector<Figure> all = figures(report_models(profiled_input()));
  const std::vector<Figure> of_shares = figures(report_models(share_input()));
  std::copy_if(of_shares.begin(), of_shares.end(), std::inserter(all, all.begin() + 4),
               [](const Figure& figure) { return figure.name.starts_with("mhsa"); });
  REQUIRE(all.size() == figure_names().size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    INFO(all[i].name);
    CHECK(all[i].name == figure_names()[i]);
    for (const std::string& svg : {all[i].wide, all[i].narrow, stand_alone(all[i].wide)}) {
      CHECK(xml_problem(svg) == "");
      CHECK(svg.find("nan") == std::string::npos);
      CHECK(svg.find("inf\"") == std::string::npos);
      CHECK(occurrences(svg, "role=\"img\"") == 1);
      CHECK(occurrences(svg, "<desc") == 1);
    }
    CHECK(all[i].wide.find("id=\"" + all[i].name + "-title\"") != std::string::npos);
    CHECK(all[i].narrow.find("id=\"" + all[i].name + "-narrow-title\"") != std::string::npos);
  }
}

TEST_CASE("texts of a drawing are escaped", "[report]") {
  const std::string svg = scatter_chart(scatter_of(3), 700);
  CHECK(xml_problem(svg) == "");
  CHECK(svg.find("<script>") == std::string::npos);
  CHECK(svg.find("&lt;script&gt;") != std::string::npos);
}

TEST_CASE("a number that is not finite is never drawn", "[report]") {
  ScatterChart chart = scatter_of(2);
  chart.points[0].y = kNan;
  CHECK(occurrences(scatter_chart(chart, 700), "class=\"mark") == 1);
  chart.points[1].x = kNan;
  CHECK(scatter_chart(chart, 700).empty());
  CHECK_THROWS_AS(svg_number(kNan), std::logic_error);
}

TEST_CASE("marks stand inside the drawing, also for one point and for equal points", "[report]") {
  for (const std::size_t points : {std::size_t{1}, std::size_t{2}, std::size_t{40}}) {
    ScatterChart chart = scatter_of(points);
    for (ScatterPoint& point : chart.points) point.x = 5;
    CHECK(xml_problem(scatter_chart(chart, 350)) == "");
  }
}

TEST_CASE("thinning keeps the front and exactly as many points as asked for", "[report]") {
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

TEST_CASE("a bar's segments are as long as its shares", "[report]") {
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

TEST_CASE("a line has a gap where a value is missing", "[report]") {
  LineChart chart;
  chart.id = "test";
  chart.lines = {{"m", {{0.1, ""}, {std::nullopt, ""}, {0.3, ""}, {kNan, ""}}}};
  const std::string svg = line_chart(chart, 700);
  CHECK(xml_problem(svg) == "");
  CHECK(occurrences(svg, "class=\"mark solid s0\"") == 3);  // two values and the legend
  chart.lines[0].points = {{std::nullopt, ""}};
  CHECK(line_chart(chart, 700).empty());
}

TEST_CASE("cells of a heat map carry their percent, and missing ones are left out", "[report]") {
  HeatMap chart;
  chart.id = "test";
  chart.groups = {{"g", {{"m", {{0.5, "t"}, {std::nullopt, ""}, {1.0, ""}}}}}};
  const std::string svg = heat_map(chart, 700);
  CHECK(xml_problem(svg) == "");
  CHECK(occurrences(svg, "class=\"cell") == 2);
  CHECK(svg.find(">50</text>") != std::string::npos);
  CHECK(svg.find("h6") != std::string::npos);
}

TEST_CASE("the paper's values are complete", "[report]") {
  const PaperValues values = paper_values();
  CHECK(values.categories.size() == 6);
  REQUIRE(values.runtime_shares.size() == 2);
  for (const PaperSeries& series : values.runtime_shares) {
    double sum = 0;
    for (const double share : series.values) sum += share;
    CHECK(sum == Approx(1).margin(0.005));
  }
  for (const PaperSeries& series : values.head_similarity) CHECK(series.values.size() == 12);
  REQUIRE(values.kept.size() == 3);
  CHECK(values.kept[0].values[0] == Approx(0.5));
  CHECK(values.kept[2].values[0] == Approx(0.985));
}

TEST_CASE("where there is little room, the reference and the front are shown", "[report]") {
  std::vector<ReportModel> models(10);
  std::vector<const ReportModel*> all;
  for (int i = 0; i < 10; ++i) {
    models[i].number = i + 1;
    models[i].is_reference = i == 9;
    models[i].is_on_front = i == 5;
    all.push_back(&models[i]);
  }
  const ShownModels shown = shown_models(all, 3);
  REQUIRE(shown.models.size() == 3);
  CHECK(shown.models[0]->number == 1);
  CHECK(shown.models[1]->number == 6);
  CHECK(shown.models[2]->number == 10);
  CHECK(shown.rule.find("3 of 10 models") != std::string::npos);
  CHECK(shown_models(all, 10).rule.empty());
}

}  // namespace
}  // namespace vitlab::report
