#pragma once

#include <string>
#include <vector>

#include "charts/heat_map.h"

namespace vitlab::charts {

/// A square of cells, rows and columns counted from 0, such as heads x heads.
struct MatrixTile {
  std::string heading;
  std::vector<std::vector<HeatCell>> rows;
};

struct MatrixGroup {
  std::string heading;
  std::vector<MatrixTile> tiles;
};

struct MatrixGrid {
  std::string id;
  std::string title;
  std::string description;
  std::string scale_title;  // what the colours mean: "cosine, in percent"
  std::vector<MatrixGroup> groups;
};

/// Small matrices side by side, as many as fit into `width` pixels, with the percent written in
/// where it fits. No cell gives an empty string; shares outside [0, 1] take the end colours.
std::string matrix_grid(const MatrixGrid& chart, double width);

}  // namespace vitlab::charts
