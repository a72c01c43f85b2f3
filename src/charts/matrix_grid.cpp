#include "charts/matrix_grid.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "charts/svg_writer.h"

namespace vitlab::charts {
namespace {

constexpr double kGroup = 26;     // its heading
constexpr double kTileTop = 20;   // a tile's heading
constexpr double kTileSide = 20;  // numbers of rows; of columns, below
constexpr double kTileGap = 22;   // between tiles
constexpr double kWidestTile = 190;
constexpr double kWidestTileCell = 30;
constexpr double kNumberFrom = 27;  // pixels that "-12" and "100" need

struct TileSize {
  double cell = 0;
  std::size_t count = 0;  // rows of the largest matrix of the group

  double side() const { return cell * static_cast<double>(count); }
  double width() const { return kTileSide + side() + kTileGap; }
  double height() const { return kTileTop + side() + kTileSide + 8; }
  std::size_t in_row(double all) const {
    return std::max<std::size_t>(1, static_cast<std::size_t>((all + kTileGap) / width()));
  }
};

TileSize size_of(const MatrixGroup& group, double width) {
  TileSize size;
  for (const MatrixTile& tile : group.tiles) size.count = std::max(size.count, tile.rows.size());
  if (size.count == 0) return size;
  const double room = std::min(kWidestTile, width - kTileSide);
  size.cell = std::min(kWidestTileCell, room / static_cast<double>(size.count));
  return size;
}

double height_of(const MatrixGroup& group, double width) {
  const TileSize size = size_of(group, width);
  if (size.count == 0) return 0;
  const std::size_t in_row = size.in_row(width);
  const auto rows = static_cast<double>((group.tiles.size() + in_row - 1) / in_row);
  return kGroup + rows * size.height();
}

void draw_cell(SvgWriter& svg, const HeatCell& cell, double x, double y, double side) {
  if (!cell.share || !std::isfinite(*cell.share)) return;
  const int colour = heat_colour(*cell.share);
  const double gap = side >= 10 ? 1.5 : 0.5;
  svg.rect(x, y, side - gap, side - gap, fmt::format("cell h{}", colour), cell.tip);
  if (side >= kNumberFrom)
    svg.text(x + (side - gap) / 2, y + side / 2 + 3.5, fmt::format("{:.0f}", 100 * *cell.share),
             fmt::format("inside t{}", colour), Anchor::kMiddle);
}

void draw_tile(SvgWriter& svg, const MatrixTile& tile, const TileSize& size, double x, double y) {
  svg.text(x + kTileSide, y + 12, fitted(tile.heading, size.width() - kTileSide - 4), "row-label");
  y += kTileTop;
  const auto step = static_cast<std::size_t>(std::ceil(14 / size.cell));
  for (std::size_t i = 0; i < tile.rows.size(); ++i) {
    const double at = size.cell * static_cast<double>(i);
    if (i % step == 0) {
      const std::string number = std::to_string(i);
      svg.text(x + kTileSide - 5, y + at + size.cell / 2 + 3.5, number, "tick", Anchor::kEnd);
      svg.text(x + kTileSide + at + size.cell / 2, y + size.side() + 13, number, "tick",
               Anchor::kMiddle);
    }
    for (std::size_t j = 0; j < tile.rows[i].size(); ++j)
      draw_cell(svg, tile.rows[i][j], x + kTileSide + size.cell * static_cast<double>(j), y + at,
                size.cell);
  }
}

/// Draws a group from `y` on and returns where it ends.
double draw_tiles(SvgWriter& svg, const MatrixGroup& group, double width, double y) {
  const TileSize size = size_of(group, width);
  if (size.count == 0) return y;
  svg.text(0, y + 14, fitted(group.heading, width), "group");
  y += kGroup;
  const std::size_t in_row = size.in_row(width);
  for (std::size_t i = 0; i < group.tiles.size(); ++i)
    draw_tile(svg, group.tiles[i], size, size.width() * static_cast<double>(i % in_row),
              y + size.height() * static_cast<double>(i / in_row));
  return y + size.height() * static_cast<double>((group.tiles.size() + in_row - 1) / in_row);
}

void draw_colours(SvgWriter& svg, const std::string& title, double width, double y) {
  constexpr double kStep = 16;
  svg.text(0, y + 11, "0", "tick");
  for (int i = 0; i < kHeatColours; ++i)
    svg.rect(12 + kStep * i, y, kStep - 1, 13, fmt::format("cell h{}", i));
  const double end = 12 + kStep * kHeatColours + 4;
  svg.text(end, y + 11, "100", "tick");
  svg.text(end + 30, y + 11, fitted(title, width - end - 30), "axis-title");
}

bool has_cell(const MatrixGroup& group) {
  for (const MatrixTile& tile : group.tiles)
    for (const auto& row : tile.rows)
      for (const HeatCell& cell : row)
        if (cell.share && std::isfinite(*cell.share)) return true;
  return false;
}

}  // namespace

std::string matrix_grid(const MatrixGrid& chart, double width) {
  if (std::none_of(chart.groups.begin(), chart.groups.end(), has_cell)) return "";
  double height = 20;
  for (const MatrixGroup& group : chart.groups) height += height_of(group, width);
  SvgWriter svg(chart.id, width, height, chart.title, chart.description);
  double y = 0;
  for (const MatrixGroup& group : chart.groups) y = draw_tiles(svg, group, width, y);
  draw_colours(svg, chart.scale_title, width, y + 2);
  return svg.str();
}

}  // namespace vitlab::charts
