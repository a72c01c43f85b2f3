#pragma once

#include <string_view>
#include <tuple>

#include "layers/fields.h"
#include "layers/layer_counts.h"

namespace vitlab::layers {

/// V-MoE's sparse FFN on tokens (arXiv 2106.05974): x + the sum over a token's experts of gate ·
/// fc2(activation(fc1(norm(x)))). Gates are the softmax of a linear router without bias; a token's
/// top_k largest choose, and are not scaled to sum to 1. An expert serves
/// expert_capacity(tokens, …) of an image's tokens, first choices first, then by position; a token
/// that finds no place passes by. Images do not compete for places.
struct ExpertFfn {
  static constexpr std::string_view kName = "expert_ffn";
  static constexpr graph::LayerRole kRole = graph::LayerRole::kFfn;

  graph::Index experts = 0;
  graph::Index hidden = 0;
  graph::Index top_k = 2;
  double capacity = 1.05;  // places of all experts over top_k · tokens
  graph::Activation activation = graph::Activation::kGelu;

  static constexpr auto fields() {
    return std::tuple{required("experts", &ExpertFfn::experts),
                      required("hidden", &ExpertFfn::hidden), optional("top_k", &ExpertFfn::top_k),
                      optional("capacity", &ExpertFfn::capacity),
                      optional("activation", &ExpertFfn::activation)};
  }
  LayerCounts counts() const { return {.ffn = 1, .has_experts = true}; }
  friend bool operator==(const ExpertFfn&, const ExpertFfn&) = default;
};

/// round(top_k · tokens · capacity / experts), at least 1: the places of one expert.
graph::Index expert_capacity(graph::Index tokens, const ExpertFfn& layer);

LayerProblems check(const ExpertFfn& layer, const graph::Value& input, graph::Index width);
graph::ValueId write(const ExpertFfn& layer, graph::LayerWriter& writer, graph::ValueId x,
                     const graph::Extent& out);

}  // namespace vitlab::layers
