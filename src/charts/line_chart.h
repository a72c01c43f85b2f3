#pragma once

#include <optional>
#include <string>
#include <vector>

namespace vitlab::charts {

/// One value at a place along a line; none leaves a gap.
struct LinePoint {
  std::optional<double> value;
  std::string tip;
};

struct Line {
  std::string name;
  std::vector<LinePoint> points;  // at x = 1, 2, …
};

/// A range drawn behind the lines, at x = 1, 2, …; ends where it has no more values.
struct Band {
  std::string name;
  std::vector<double> low;
  std::vector<double> high;
};

struct LineChart {
  std::string id;
  std::string title;
  std::string description;
  std::string x_title;
  std::string y_title;
  std::vector<Line> lines;      // up to kSeriesStyles
  std::vector<Band> bands;      // up to 2: a filled one, and an outlined one on it
  std::optional<double> level;  // a dashed line across, such as 0
  double y_least = -1e300;
  double y_most = 1e300;
};

/// Lines over whole places 1, 2, …, `width` pixels wide, each named at its end by its legend mark.
/// No finite value gives an empty string.
std::string line_chart(const LineChart& chart, double width);

}  // namespace vitlab::charts
