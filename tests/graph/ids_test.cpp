#include "graph/graph.h"

namespace vitlab::graph {
namespace {

template <typename List, typename Key>
concept IndexedBy = requires(List list, Key key) {
  list[key];
};

static_assert(IndexedBy<decltype(Graph::layers), LayerId>);
static_assert(!IndexedBy<decltype(Graph::layers), AxisId>, "an axis cannot index layers");
static_assert(!IndexedBy<decltype(Graph::values), ParameterId>);
static_assert(!IndexedBy<decltype(Graph::nodes), ValueId>);
static_assert(!IndexedBy<decltype(Graph::axes), std::size_t>);

}  // namespace
}  // namespace vitlab::graph
