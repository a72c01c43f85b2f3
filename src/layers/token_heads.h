#pragma once

#include <string>
#include <vector>

#include "graph/layer_writer.h"
#include "layers/attention_parts.h"

namespace vitlab::layers {

/// What the scores of attention on tokens are, beside the products of queries and keys.
struct HeadScores {
  double scale = 1;        // factor of all queries
  graph::ValueId factors;  // (heads, 1, 1): queries and keys of length 1, times these
  graph::ValueId bias;     // (heads, T, T)
  graph::ValueId mask;     // (windows, T, T)
};

/// How queries, keys and values (N, T, channels) are made from the channels of `x`.
struct HeadProjections {
  bool split = false;              // head i reads only split i of the channels, and stays
  bool bias = true;                // of queries, keys and values
  bool keys_have_no_bias = false;  // with `bias`: queries and values have "q_bias", "v_bias"
};

/// softmax(scores)·V of all heads of tokens (N, T, C), laid end to end: (N, T, axes.v). Projections
/// are one "qkv" for all heads, or "heads.<i>.qkv" for each split; heads of equal size are computed
/// together. Fills the maps and outputs of `tap`, and gates K and V.
graph::ValueId attend_tokens(graph::LayerWriter& writer, graph::ValueId x, const HeadAxes& axes,
                             const HeadProjections& projections, const HeadScores& scores,
                             graph::AttentionTap& tap);

/// Problems of a split that the stage's width does not allow.
void check_split(LayerProblems& problems, bool split, graph::Index heads, graph::Index width);

}  // namespace vitlab::layers
