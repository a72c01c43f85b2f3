#pragma once

#include "graph/shape.h"

namespace vitlab::layers {

/// What a layer counts as in its model: how many attentions and FFNs, and whether it has experts.
struct LayerCounts {
  graph::Index attention = 0, ffn = 0;
  bool has_experts = false;
};

}  // namespace vitlab::layers
