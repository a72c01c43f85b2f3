#include "charts/matrix_grid.h"

#include <cmath>

#include "svg_probe.h"
#include "test.hpp"
#include "xml_check.h"

namespace vitlab::charts {
namespace {

MatrixGrid grid_of(std::size_t tiles, std::size_t heads) {
  MatrixGrid chart;
  chart.id = "test";
  chart.scale_title = "cosine, in percent";
  chart.groups = {{"a group", {}}};
  for (std::size_t t = 0; t < tiles; ++t) {
    const std::vector<HeatCell> row(heads, HeatCell{0.5, "tip"});
    chart.groups[0].tiles.push_back({"layers." + std::to_string(t), {heads, row}});
  }
  return chart;
}

TEST_CASE("matrices stand side by side inside the drawing, whatever their number and size",
          "[charts]") {
  for (const double width : {960.0, 350.0})
    for (const std::size_t heads : {1, 3, 6, 7, 24, 64}) {
      INFO(heads << " heads in " << width << " pixels");
      const std::string svg = matrix_grid(grid_of(5, heads), width);
      CHECK(xml_problem(svg) == "");
      CHECK(occurrences(svg, "<title>tip</title>") == static_cast<int>(5 * heads * heads));
      CHECK(covered_texts(svg) == "");
      const SvgSize size = svg_size(svg);
      CHECK(size.width == width);
      for (std::size_t at = svg.find("<rect "); at != std::string::npos;
           at = svg.find("<rect ", at + 1)) {
        CHECK(std::stod(svg_attribute(svg, at, "x")) + std::stod(svg_attribute(svg, at, "width")) <=
              size.width);
        CHECK(std::stod(svg_attribute(svg, at, "y")) +
                  std::stod(svg_attribute(svg, at, "height")) <=
              size.height);
      }
    }
}

TEST_CASE("a matrix without a cell draws nothing, and a cell without a number stays blank",
          "[charts]") {
  CHECK(matrix_grid(MatrixGrid{}, 350).empty());
  MatrixGrid chart = grid_of(1, 2);
  chart.groups[0].tiles[0].rows[0][1].share = std::nan("");
  chart.groups[0].tiles[0].rows[1][0].share.reset();
  CHECK(occurrences(matrix_grid(chart, 350), "<title>tip</title>") == 2);
  chart.groups[0].tiles[0].rows = {{HeatCell{}}};
  CHECK(matrix_grid(chart, 350).empty());
}

}  // namespace
}  // namespace vitlab::charts
