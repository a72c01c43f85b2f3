#include "core/random.h"
#include "layers/attention_parts.h"
#include "test.hpp"

namespace vitlab {
namespace {

TEST_CASE("windows cover the map with the least padding") {
  Random random(71);
  for (int run = 0; run < 1000; ++run) {
    const auto height = static_cast<Index>(1 + random.below(40));
    const auto width = static_cast<Index>(1 + random.below(40));
    const auto side = static_cast<Index>(random.below(15));
    const Windows w = windows_of(height, width, side);
    REQUIRE(w.rows * w.height == height + w.pad_rows);
    REQUIRE(w.columns * w.width == width + w.pad_columns);
    REQUIRE((w.pad_rows >= 0 && w.pad_rows < w.height));
    REQUIRE((w.pad_columns >= 0 && w.pad_columns < w.width));
    const bool fits_in_one = side == 0 || (height <= side && width <= side);
    REQUIRE(w.partitioned == !fits_in_one);
    if (fits_in_one) REQUIRE((w.count() == 1 && w.tokens() == height * width));
    if (!fits_in_one) REQUIRE((w.height == side && w.width == side));
  }
}

TEST_CASE("EfficientViT's grids of 14, 7 and 4 are four windows of 7, one, and one of 4") {
  CHECK(windows_of(14, 14, 7).count() == 4);
  CHECK(windows_of(7, 7, 7).count() == 1);
  CHECK_FALSE(windows_of(7, 7, 7).partitioned);
  CHECK(windows_of(4, 4, 7).tokens() == 16);
}

TEST_CASE("a map cut into windows and put back has its shape and axes") {
  for (const Index side : {Index{0}, Index{2}, Index{3}, Index{7}}) {
    Graph graph;
    graph.layers.push_back({"layer", "test", LayerRole::kAttention, 0});
    LayerWriter writer(graph, 0);
    const Extent channels{writer.axis(AxisKind::kEmbedding, "width", 4, 0)};
    graph.input = graph.add_value({{1, 4, 5, 6}, true, 1, channels});
    const Windows windows = windows_of(5, 6, side);
    const ValueId cut = to_windows(writer, graph.input, windows);
    CHECK(graph.value(cut).shape == Shape{windows.count(), 4, windows.height, windows.width});
    const ValueId back = from_windows(writer, cut, windows, 5, 6);
    CHECK(graph.value(back).shape == Shape{1, 4, 5, 6});
    CHECK(graph.value(back).channels == channels);
  }
}

}  // namespace
}  // namespace vitlab
