#pragma once

#include "graph/graph.h"

namespace vitlab::predict {

/// Seconds of one forward by a roofline of round numbers for a CPU core (40 GFLOP/s, 8 GB/s and 3
/// µs a call; the first two per thread): the sum over ops of the larger of the two, plus the call.
/// For searches that correct it by measuring; its proportions matter, not its scale.
double guess_seconds(const graph::Graph& graph, graph::Index batch, graph::Index threads);

}  // namespace vitlab::predict
