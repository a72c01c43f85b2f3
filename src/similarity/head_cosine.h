#pragma once

#include <array>
#include <string_view>
#include <vector>

#include <ATen/ATen.h>

#include "graph/shape.h"
#include "similarity/image_chain.h"

namespace vitlab::similarity {

/// How the cosines between the heads of one layer and image become one number.
struct HeadReduction {
  std::string_view name;
  std::string_view summary;
  /// `cosines` is heads x heads by rows, two heads at least; the diagonal does not count.
  double (*reduce)(const double* cosines, std::size_t heads);
};

/// max_max: microsoft/Cream#178, EfficientViT Fig 4; mean_max: that figure's caption; mean_mean:
/// the mean over all pairs.
constexpr std::size_t kHeadReductions = 3;
const std::array<HeadReduction, kHeadReductions>& head_reductions();

/// What cosines between heads gave: per reduction one value an image, and one a pair of
/// neighbouring images (the null); the sum over images of the heads x heads matrix.
struct HeadPairs {
  std::array<std::vector<double>, kHeadReductions> values, null_values;
  std::vector<double> sums;
};

/// Cosines between the heads of one layer, image by image, and between neighbouring images: head i
/// of an image against head j of the next one in the order given, the last against the first. With
/// images in random order that is the null: what unrelated maps of this layer have in common. Holds
/// no maps but those of two images. A head that is all zero has cosine 0 with every other.
class HeadCosines {
 public:
  /// `windows` per image: all of an image's are laid end to end. `centre` is about the mean of all
  /// entries (1/keys for maps), so that what differs from it keeps its digits.
  explicit HeadCosines(graph::Index windows, double centre = 0)
      : windows_(windows), centre_(centre) {}

  /// The next images: (N·windows, heads, …), two heads at least. Each image by itself, so that
  /// how images are batched does not matter.
  void add(const at::Tensor& per_head);
  /// Pairs the last image with the first; without it the null lacks that one pair.
  void close();

  /// The cosines of what was given.
  const HeadPairs& raw() const { return raw_; }
  /// The cosines of each head less its own mean: Pearson's correlations.
  const HeadPairs& centred() const { return centred_; }
  /// One value an image: exp of the entropy of the singular values, divided by their sum, of the
  /// heads x entries matrix (Roy and Vetterli 2007); 1 if all heads are zero.
  const std::vector<double>& effective_heads() const { return effective_; }

 private:
  using Chain = ImageChain<4>;  // entries, their sums, squared lengths, and those less the mean

  void pair(const Chain::Images& a, const Chain::Images& b);

  graph::Index windows_;
  double centre_;
  Chain chain_;
  HeadPairs raw_, centred_;
  std::vector<double> effective_;
};

}  // namespace vitlab::similarity
