#include "predict/time_guess.h"

#include <algorithm>

#include "graph/memory_plan.h"
#include "graph/op_cost.h"

namespace vitlab::predict {

namespace {

constexpr double kFlopsPerSecond = 40e9;
constexpr double kBytesPerSecond = 8e9;
constexpr double kCallSeconds = 3e-6;
constexpr double kElementBytes = 4;

}  // namespace

double guess_seconds(const graph::Graph& graph, graph::Index batch, graph::Index threads) {
  const graph::Layout layout = graph::lay_out(graph);
  double seconds = 0;
  for (const graph::Node& node : graph.nodes) {
    const bool is_view = layout.is_view[node.output];
    const graph::OpCost cost = graph::op_cost(graph, node, is_view, batch);
    const double work = static_cast<double>(cost.flops) / kFlopsPerSecond;
    const double traffic =
        kElementBytes * static_cast<double>(cost.elements_moved()) / kBytesPerSecond;
    seconds += std::max(work, traffic) / static_cast<double>(threads) + kCallSeconds;
  }
  return seconds;
}

}  // namespace vitlab::predict
