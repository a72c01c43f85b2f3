#include "core/random.h"
#include "layers/attention_parts.h"
#include "test.hpp"

namespace vitlab::layers {
namespace {

TEST_CASE("windows cover the map with the least padding") {
  core::Random random(71);
  for (int run = 0; run < 1000; ++run) {
    const auto height = static_cast<graph::Index>(1 + random.below(40));
    const auto width = static_cast<graph::Index>(1 + random.below(40));
    const auto side = static_cast<graph::Index>(random.below(15));
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
  for (const graph::Index side :
       {graph::Index{0}, graph::Index{2}, graph::Index{3}, graph::Index{7}}) {
    graph::Graph graph;
    graph.layers.push_back({"layer", "test", graph::LayerRole::kAttention, 0});
    graph::LayerWriter writer(graph, graph::LayerId(0));
    const graph::Extent channels{writer.axis(graph::AxisKind::kEmbedding, "width", 4, 0)};
    graph.input = graph.add_value({{1, 4, 5, 6}, true, 1, channels});
    const Windows windows = windows_of(5, 6, side);
    const graph::ValueId cut = to_windows(writer, graph.input, windows);
    CHECK(graph.value(cut).shape ==
          graph::Shape{windows.count(), 4, windows.height, windows.width});
    const graph::ValueId back = from_windows(writer, cut, windows, 5, 6);
    CHECK(graph.value(back).shape == graph::Shape{1, 4, 5, 6});
    CHECK(graph.value(back).channels == channels);
  }
}

}  // namespace
}  // namespace vitlab::layers
