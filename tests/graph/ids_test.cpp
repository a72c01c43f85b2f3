#include "graph/graph.h"
#include "test.hpp"

namespace vitlab::graph {
namespace {

template <typename List, typename Key>
concept IndexedBy = requires(List list, Key key) {
  list[key];
};

TEST_CASE("each list of a graph is indexed by its own ids alone") {
  STATIC_REQUIRE(IndexedBy<decltype(Graph::layers), LayerId>);
  STATIC_REQUIRE_FALSE(IndexedBy<decltype(Graph::layers), AxisId>);
  STATIC_REQUIRE_FALSE(IndexedBy<decltype(Graph::values), ParameterId>);
  STATIC_REQUIRE_FALSE(IndexedBy<decltype(Graph::nodes), ValueId>);
  STATIC_REQUIRE_FALSE(IndexedBy<decltype(Graph::axes), std::size_t>);
}

}  // namespace
}  // namespace vitlab::graph
