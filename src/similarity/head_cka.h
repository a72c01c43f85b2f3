#pragma once

#include <vector>

#include <ATen/ATen.h>

#include "graph/graph.h"
#include "similarity/image_chain.h"

namespace vitlab::similarity {

/// Linear CKA (Kornblith et al. 2019, arXiv:1905.00414) between what the heads of one layer give
/// out, over images and tokens: |X'Y|² / (|X'X| |Y'Y|) of centred features, from sums in float64;
/// heads may have V of unequal size. The null pairs each image with the next one.
class HeadCka {
 public:
  HeadCka(const graph::Graph& graph, const graph::AttentionTap& tap);

  /// What each head gave for the next images: (N·windows, elements) as the executor gives it.
  void add(const std::vector<at::Tensor>& outputs);
  void close();

  /// heads x heads by rows; 0 for a head that gives the same for every token.
  std::vector<double> pairs() const;
  /// The same between neighbouring images; of use for i != j and two images or more.
  std::vector<double> null_pairs() const;

 private:
  std::vector<double> ratios(const at::Tensor& moments) const;

  std::vector<graph::Index> sizes_;  // V by head
  graph::Index tokens_, windows_;
  bool tokens_last_;  // outputs are (V, tokens) rather than (tokens, V)
  double rows_ = 0;
  at::Tensor sums_, moments_, shifted_;
  ImageChain<1> chain_;
};

}  // namespace vitlab::similarity
