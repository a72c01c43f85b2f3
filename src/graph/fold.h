#pragma once

#include <functional>
#include <vector>

#include "graph/graph.h"

namespace vitlab::graph {

/// Rows of a parameter (along dimension 0) that are multiplied by a factor.
struct ScaledRows {
  double factor = 1;
  Index begin = 0, size = 0;
};

/// How a rewritten graph's parameter is computed from the parameters of the graph it came from.
struct WeightRecipe {
  enum class Kind : std::uint8_t {
    kCopy,              // sources: {p}
    kFoldedConvWeight,  // sources: {conv weight, norm weight, norm running_var}: w · g / sqrt(var +
                        // eps)
    kFoldedConvBias,      // sources: {norm weight, bias, running_mean, running_var[, conv bias]}
    kFoldedLinearWeight,  // norm before linear; sources: {linear weight, norm weight, running_var}
    kFoldedLinearBias,    // sources: {linear weight, norm weight, bias, mean, var[, linear bias]}
    kConstant,            // the output of `constant`, whose parameters are the sources in order
  };
  Kind kind = Kind::kCopy;
  std::vector<ParameterId> sources;  // ids in the old graph
  double epsilon = 0;
  std::vector<ScaledRows> scaled;  // done last
  Graph constant;
};

/// A graph and how its parameters come from those of the old one, in the order of its parameters.
struct Rewrite {
  Graph graph;
  core::IdVector<ParameterId, WeightRecipe> recipes;
};

/// The deploy form: batch norms folded into the convolution before them or the linear layer behind
/// them; what does not depend on the images (gathered bias tables, bias networks)
/// computed once and for all; factors folded into the weights that made the value; drop paths removed.
/// Same outputs in evaluation mode. Values between weights and a folded factor are larger by it.
Rewrite fold(const Graph& graph);

}  // namespace vitlab::graph
