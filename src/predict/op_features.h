#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/fold.h"
#include "graph/graph.h"

namespace vitlab::predict {

/// What the time of one node is predicted from. Nothing here depends on names or on the order in
/// which parameters and values are numbered.
struct OpFeatures {
  /// Ops that share a kernel: "convolution.pointwise", "linear", "activation.gelu", "view", …
  std::string kind;
  double flops = 0;
  double bytes = 0;         // read once and written once; 0 for views
  double copied_bytes = 0;  // of inputs that do not lie densely
  /// Products with numbers below the normal range, which processors compute many times slower: what
  /// a softmax makes of scores masked by -100, and what reads it.
  double subnormals = 0;
  std::vector<double> shape;  // in the order of op_feature_names()

  /// Equal for ops that do the same work on memory laid out alike.
  std::string signature() const;
  /// log2 of the bytes moved since the oldest input was written.
  double log_distance() const { return shape[20]; }
};

const std::vector<std::string_view>& op_feature_names();

/// One row a node, for a batch of `element_bytes` numbers.
std::vector<OpFeatures> op_features(const graph::Graph& graph, graph::Index batch,
                                    graph::Index element_bytes);
/// The same of a rewritten graph, whose masks have become parameters.
std::vector<OpFeatures> op_features(const graph::Rewrite& rewrite, graph::Index batch,
                                    graph::Index element_bytes);

}  // namespace vitlab::predict
