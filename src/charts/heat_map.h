#pragma once

#include <optional>
#include <string>
#include <vector>

namespace vitlab::charts {

/// One cell: a share in [0, 1], or none where the row has no such column.
struct HeatCell {
  std::optional<double> share;
  std::string tip;
};

struct HeatRow {
  std::string label;
  std::vector<HeatCell> cells;
};

/// Rows under one heading; groups stand below each other, each with its own columns.
struct HeatGroup {
  std::string heading;
  std::vector<HeatRow> rows;
};

struct HeatMap {
  std::string id;
  std::string title;
  std::string description;
  std::string x_title;
  std::vector<HeatGroup> groups;
};

/// Colours that shares in [0, 1] are told apart by: classes h0 … h6, t0 … t6 for the text inside.
inline constexpr int kHeatColours = 7;
/// Number of the colour of a share; shares outside [0, 1] take the end colours.
int heat_colour(double share);

/// Shares as coloured cells with the percent written in where it fits, `width` pixels wide; columns
/// are numbered from 1. No cell gives an empty string; shares outside [0, 1] take the end colours.
std::string heat_map(const HeatMap& chart, double width);

}  // namespace vitlab::charts
