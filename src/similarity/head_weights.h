#pragma once

#include <optional>
#include <vector>

#include <ATen/ATen.h>

#include "graph/graph.h"
#include "model/weights.h"

namespace vitlab::similarity {

/// The rows of a layer's projections that make one head's queries, keys and values: (size, input
/// channels) each in float64, before any norm.
struct HeadProjectionWeights {
  at::Tensor q, k, v;
};

/// By head; empty where the layer's projections are not found by their axes.
std::vector<HeadProjectionWeights> head_projections(const graph::Graph& graph,
                                                    const graph::AttentionTap& tap,
                                                    const model::Weights& weights);

/// The cosine of two matrices entry by entry; none if their shapes differ.
std::optional<double> entry_cosine(const at::Tensor& a, const at::Tensor& b);
/// The mean squared cosine of the principal angles between two row spaces: |Qa' Qb|² / min(rank).
double subspace_overlap(const at::Tensor& a, const at::Tensor& b);

}  // namespace vitlab::similarity
