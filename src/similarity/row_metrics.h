#pragma once

#include <vector>

#include <ATen/ATen.h>

#include "similarity/image_chain.h"
#include "similarity/token_grid.h"

namespace vitlab::similarity {

/// Which of RowMetrics's measures are wanted.
struct RowChoice {
  bool entropy = false, distance = false, confidence = false, divergence = false;
};

/// What rows of attention maps, read as distributions over keys, say of each head and of pairs of
/// heads: means over all rows of an image, summed in float64. Holds no maps but those of two
/// images.
class RowMetrics {
 public:
  RowMetrics(const TokenGrid& grid, const RowChoice& choice);

  /// The next images' maps (N·windows, heads, queries, keys).
  void add(const at::Tensor& maps);
  /// Pairs the last image with the first, for the null.
  void close();

  /// By image and head: the entropy divided by ln(keys) (nothing for a single key), the mean
  /// distance in pixels (class tokens dropped), the largest entry.
  const std::vector<double>& entropy() const { return entropy_; }
  const std::vector<double>& distance() const { return distance_; }
  const std::vector<double>& confidence() const { return confidence_; }
  /// By image (and for the null by pair of neighbours), then pair of heads i < j: the
  /// Jensen-Shannon divergence in bits, mean over rows.
  const std::vector<double>& divergence() const { return divergence_; }
  const std::vector<double>& null_divergence() const { return null_divergence_; }

 private:
  /// Maps (N, windows, heads, queries, keys) and by row the sum of p ln p.
  using Chain = ImageChain<2>;

  void pair(const Chain::Images& a, const Chain::Images& b);

  graph::Index windows_;
  graph::Index class_tokens_;
  at::Tensor distances_;
  RowChoice choice_;
  Chain chain_;
  std::vector<double> entropy_, distance_, confidence_, divergence_, null_divergence_;
};

}  // namespace vitlab::similarity
