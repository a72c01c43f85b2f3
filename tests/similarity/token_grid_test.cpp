#include "similarity/token_grid.h"

#include <algorithm>
#include <set>

#include "architecture/presets.h"
#include "model/small_models.h"
#include "test.hpp"

namespace vitlab::similarity {

namespace {

std::vector<TokenGrid> grids_of(const std::string& model,
                                const std::vector<std::string>& overrides = {}) {
  const graph::Graph graph =
      architecture::build_graph(architecture::resolve_model(model, overrides).spec);
  std::vector<TokenGrid> grids;
  for (const graph::AttentionTap& tap : graph.attention) grids.push_back(token_grid(graph, tap));
  return grids;
}

}  // namespace

TEST_CASE("DeiT's tokens are a grid of patches behind its class tokens") {
  const TokenGrid plain = grids_of("deit_tiny").front();
  CHECK(plain.rows == 14);
  CHECK(plain.columns == 14);
  CHECK(plain.class_tokens == 1);
  CHECK(plain.pixels_down == 16);
  CHECK(plain.windows == 1);
  CHECK(grids_of("deit_tiny_distilled").back().class_tokens == 2);
}

TEST_CASE("EfficientViT's windows stand side by side, and MobileViT's patches between each other") {
  const TokenGrid m0 = grids_of("efficientvit_m0").front();
  CHECK(m0.height == 14);
  CHECK(m0.windows == 4);
  CHECK(m0.rows == 7);
  CHECK(m0.pixels_down == 16);
  CHECK(m0.places[0] == 0);
  CHECK(m0.places[49] == 7);       // the window to the right
  CHECK(m0.places[2 * 49] == 98);  // the one below
  const TokenGrid xxs = grids_of("mobilevit_xxs").front();
  CHECK(xxs.windows == 4);
  CHECK(xxs.places[1] == 2);
  CHECK(xxs.places[static_cast<std::size_t>(xxs.rows * xxs.columns)] == 1);
  CHECK(xxs.pixels_across == Approx(2.0 * 256 / static_cast<double>(xxs.width)));
}

TEST_CASE("shifted windows hold the pixels that the shift brings there") {
  const std::vector<TokenGrid> swin = grids_of("swin_tiny");
  CHECK(swin[0].places[0] == 0);
  CHECK(swin[1].places[0] == 3 * 56 + 3);
  CHECK(swin[1].places.back() == 2 * 56 + 2);  // wrapped around
}

TEST_CASE("every pixel of the map has one place in some window, in every kind of attention") {
  graph::Index seen = 0;
  model::for_every_kind(4, false, [&](const model::SmallModel& model, RandomSpecs&) {
    for (const graph::AttentionTap& tap : model.graph().attention) {
      const TokenGrid grid = token_grid(model.graph(), tap);
      std::vector<graph::Index> places = grid.places;
      std::sort(places.begin(), places.end());
      places.erase(places.begin(), std::lower_bound(places.begin(), places.end(), 0));
      std::vector<graph::Index> all(static_cast<std::size_t>(grid.height * grid.width));
      std::iota(all.begin(), all.end(), graph::Index{0});
      CHECK(places == all);
      CHECK(token_distances(grid).size(0) == grid.rows * grid.columns + grid.class_tokens);
      ++seen;
    }
  });
  CHECK(seen > 20);
}

}  // namespace vitlab::similarity
