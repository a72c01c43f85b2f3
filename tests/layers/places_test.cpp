#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "random_models.h"
#include "test.hpp"

namespace vitlab::layers {
namespace {

using graph::TokenPlaces;

/// How many tokens of all windows lie on each pixel of the map; class tokens and padding are none.
std::vector<int> visits(const graph::AttentionTap& tap) {
  const TokenPlaces& places = tap.places;
  std::vector<int> count(static_cast<std::size_t>(places.height * places.width), 0);
  for (graph::Index window = 0; window < tap.windows; ++window)
    for (graph::Index token = 0; token < places.tokens(); ++token)
      if (const graph::Index place = places.place(window, token); place >= 0)
        ++count.at(static_cast<std::size_t>(place));
  return count;
}

TEST_CASE("every kind of attention tells a place of each token, and they cover its map once") {
  RandomModels models(57);
  std::set<std::string_view> kinds;
  for (int run = 0; run < 300; ++run) {
    const graph::Graph graph = architecture::build_graph(models.next());
    for (const graph::AttentionTap& tap : graph.attention) {
      INFO(graph.attention_name(tap));
      const std::vector<int> count = visits(tap);
      REQUIRE(count == std::vector<int>(count.size(), 1));
      for (graph::Index token = 0; token < tap.places.tokens(); ++token)
        REQUIRE((tap.places.place(0, token) == TokenPlaces::kClassToken) ==
                (token < tap.places.class_tokens));
      for (const graph::ValueId map : tap.maps)
        REQUIRE(graph.value(map).shape.back() == tap.places.tokens());
      kinds.insert(graph.layer(tap.layer).kind);
    }
    for (const graph::LayerInfo& layer : graph.layers)
      if (layer.role == graph::LayerRole::kAttention) REQUIRE(kinds.contains(layer.kind));
  }
  CHECK(kinds.size() == 8);
}

TEST_CASE("the embedding and the biases of every model are known as tables of places") {
  RandomModels models(58);
  int tables = 0;
  for (int run = 0; run < 100; ++run) {
    const graph::Graph graph = architecture::build_graph(models.next());
    for (const graph::Node& node : graph.nodes) {
      if (node.parameters.empty()) continue;
      const graph::Parameter& parameter = graph.parameter(node.parameters[0]);
      const bool follows_image = std::holds_alternative<graph::GatherBias>(node.op) ||
                                 parameter.name == "position_embedding";
      REQUIRE(parameter.table.has_value() == follows_image);
      if (!follows_image) continue;
      const graph::PlaceTable& table = *parameter.table;
      const bool is_signed = table.kind == graph::PlaceTable::Kind::kSigned;
      const graph::Index entries = is_signed ? (2 * table.height - 1) * (2 * table.width - 1)
                                             : table.height * table.width + table.class_tokens;
      REQUIRE(parameter.shape[is_signed ? 0 : 1] == entries);
      ++tables;
    }
  }
  CHECK(tables > 50);
}

}  // namespace
}  // namespace vitlab::layers
