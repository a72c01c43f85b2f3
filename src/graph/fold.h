#pragma once

#include <functional>
#include <vector>

#include "graph/graph.h"

namespace vitlab {

/// How a rewritten graph's parameter is computed from the parameters of the graph it came from.
struct WeightRecipe {
  enum class Kind : std::uint8_t {
    kCopy,              // sources: {p}
    kFoldedConvWeight,  // sources: {conv weight, norm weight, norm running_var}: w · g / sqrt(var +
                        // eps)
    kFoldedConvBias,      // sources: {norm weight, bias, running_mean, running_var[, conv bias]}
    kFoldedLinearWeight,  // norm before linear; sources: {linear weight, norm weight, running_var}
    kFoldedLinearBias,    // sources: {linear weight, norm weight, bias, mean, var[, linear bias]}
    kGatheredBias,        // sources: {table}: the (heads, T, T) map of `gather`
  };
  Kind kind = Kind::kCopy;
  std::vector<ParameterId> sources;  // ids in the old graph
  double epsilon = 0;
  GatherBias gather;
};

/// A graph and how its parameters come from those of the old one, in the order of its parameters.
struct Rewrite {
  Graph graph;
  std::vector<WeightRecipe> recipes;
};

/// The deploy form: batch norms folded into the convolution before them or the linear layer behind
/// them, bias tables gathered once and for all, dropout removed. Same outputs in evaluation mode.
Rewrite fold(const Graph& graph);

}  // namespace vitlab
