#include "model/op_constants.h"

#include <algorithm>
#include <cmath>

#include "model/weights.h"
#include "test.hpp"

namespace vitlab::model {

namespace {

/// Where the pixel that a roll by `shift` brings to `position` was.
graph::Index before_roll(graph::Index position, graph::Index shift, graph::Index size) {
  return (position + shift) % size;
}

}  // namespace

TEST_CASE("a shift mask parts exactly the tokens that the roll made neighbours") {
  for (const graph::ShiftMask& mask :
       {graph::ShiftMask{3, 3, 2, 2, 1, 1}, graph::ShiftMask{2, 4, 3, 1, 1, 0},
        graph::ShiftMask{1, 5, 1, 2, 0, 4}, graph::ShiftMask{4, 2, 2, 3, 3, 1}}) {
    const at::Tensor made = shift_mask(mask);
    const graph::Index tokens = mask.height * mask.width;
    REQUIRE(made.sizes().vec() ==
            std::vector<graph::Index>{mask.rows * mask.columns, tokens, tokens});
    const auto values = made.accessor<float, 3>();
    graph::Index wrong = 0, parted = 0;
    for (graph::Index window = 0; window < made.size(0); ++window) {
      const auto place = [&](graph::Index token, bool vertical) {
        return vertical ? window / mask.columns * mask.height + token / mask.width
                        : window % mask.columns * mask.width + token % mask.width;
      };
      for (graph::Index a = 0; a < tokens; ++a) {
        for (graph::Index b = 0; b < tokens; ++b) {
          const auto moved_alike = [&](bool vertical, graph::Index shift, graph::Index size) {
            const graph::Index from = place(a, vertical), to = place(b, vertical);
            return before_roll(to, shift, size) - before_roll(from, shift, size) == to - from;
          };
          const bool together = moved_alike(true, mask.shift_rows, mask.rows * mask.height) &&
                                moved_alike(false, mask.shift_columns, mask.columns * mask.width);
          wrong += values[window][a][b] != (together ? 0.0F : -100.0F);
          parted += !together;
        }
      }
    }
    CHECK(wrong == 0);
    CHECK(parted > 0);
  }
}

TEST_CASE("offsets are log-spaced, antisymmetric and in the order of the bias index") {
  const graph::Index height = 3, width = 4;
  const at::Tensor table = offset_table({height, width});
  REQUIRE(table.sizes().vec() == std::vector<graph::Index>{5 * 7, 2});
  CHECK((table + table.flip(0)).abs().max().item<float>() == 0);
  const at::Tensor index = bias_index({graph::BiasRule::kSignedOffset, height, width});
  const auto expected = [](graph::Index offset, graph::Index size) {
    const double x = 8.0 * static_cast<double>(offset) / static_cast<double>(size - 1);
    return std::copysign(std::log2(1 + std::abs(x)) / 3, x);
  };
  for (const auto& [query, key] :
       {std::pair{0, 11}, std::pair{11, 0}, std::pair{5, 6}, std::pair{2, 8}, std::pair{4, 4}}) {
    const at::Tensor row = table[index[query][key].item<graph::Index>()];
    CHECK(row[0].item<float>() ==
          Approx(expected(query / width - key / width, height)).margin(1e-6));
    CHECK(row[1].item<float>() ==
          Approx(expected(query % width - key % width, width)).margin(1e-6));
  }
  CHECK(table.max().item<float>() == Approx(std::log2(9.0) / 3));
  CHECK(offset_table({1, 1}).abs().max().item<float>() == 0);
}

}  // namespace vitlab::model
