#pragma once

#include <optional>
#include <string>
#include <vector>

namespace vitlab::charts {

/// A point of a curve with its interval.
struct CurvePoint {
  double x = 0;
  double y = 0;
  std::optional<double> y_low, y_high;
  std::string tip;
};

struct Curve {
  std::string name;
  int series = 0;
  bool is_dashed = false;  // somebody else's numbers
  bool has_marks = true;
  std::vector<CurvePoint> points;  // from left to right
};

/// A lone point of somebody else, named beside its mark.
struct NamedPoint {
  double x = 0;
  double y = 0;
  std::string label;
};

/// One plot with its own vertical axis and legend.
struct CurvePanel {
  std::string heading;  // "" for none
  std::string y_title;
  std::vector<Curve> curves;
  std::vector<NamedPoint> named;
  std::optional<double> level;  // a dashed line across
  double y_least = -1e300;
  double y_most = 1e300;
};

/// Panels below each other over one horizontal axis.
struct CurveChart {
  std::string id;
  std::string title;
  std::string description;
  std::string x_title;
  std::vector<CurvePanel> panels;
};

/// Curves over a numeric axis, `width` pixels wide. Points that are not finite are left out; a
/// panel without points too; none left give an empty string.
std::string curve_chart(const CurveChart& chart, double width);

}  // namespace vitlab::charts
