#pragma once

#include <optional>
#include <string>
#include <vector>

namespace vitlab::charts {

/// A point with intervals in both directions; all in the units of the axes.
struct ScatterPoint {
  double x = 0;
  double y = 0;
  std::optional<double> x_low, x_high;
  std::optional<double> y_low, y_high;
  int series = 0;
  std::string label;  // written beside the mark, where there is room for it
  std::string tip;
  bool is_on_front = false;  // filled, and joined with the others of the front
};

struct ScatterChart {
  std::string id;  // unique in the page
  std::string title;
  std::string description;
  std::string x_title;
  std::string y_title;
  std::vector<std::string> series;  // names, for the legend; one name draws no legend
  std::vector<ScatterPoint> points;
  double y_least = -1e300;  // what the y axis never leaves
  double y_most = 1e300;
};

/// Draws it `width` pixels wide. The x axis is logarithmic where x spans a factor of 8 or more.
/// Points that are not finite are left out; no points give an empty string.
std::string scatter_chart(const ScatterChart& chart, double width);

/// At most `limit` points: all of the front, then every k-th of the others in their order.
std::vector<ScatterPoint> thinned(const std::vector<ScatterPoint>& points, std::size_t limit);

}  // namespace vitlab::charts
