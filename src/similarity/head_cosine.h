#pragma once

#include <array>
#include <string_view>
#include <vector>

#include <ATen/ATen.h>

#include "graph/shape.h"

namespace vitlab {

/// How the cosines between the heads of one layer and image become one number.
struct HeadReduction {
  std::string_view name;
  std::string_view summary;
  /// `cosines` is heads x heads by rows, two heads at least; the diagonal does not count.
  double (*reduce)(const std::vector<double>& cosines, std::size_t heads);
};

/// max_max: microsoft/Cream#178, EfficientViT Fig 4; mean_max: that figure's caption; mean_mean:
/// the mean over all pairs.
constexpr std::size_t kHeadReductions = 3;
const std::array<HeadReduction, kHeadReductions>& head_reductions();

/// Cosines between the heads of one layer, image by image, and between neighbouring images: head i
/// of an image against head j of the next one in the order given, the last against the first. With
/// images in random order that is the null: what unrelated maps of this layer have in common.
/// Holds no maps but those of two images. A head that is all zero has cosine 0 with every other.
class HeadCosines {
 public:
  /// `windows` per image: all of an image's are laid end to end.
  explicit HeadCosines(Index windows) : windows_(windows) {}

  /// The next images: (N·windows, heads, …), two heads at least. Summed in float64, so that how
  /// images are batched does not matter.
  void add(const at::Tensor& per_head);
  /// Pairs the last image with the first; without it the null lacks that one pair.
  void close();

  /// One value an image, in the order of head_reductions().
  const std::array<std::vector<double>, kHeadReductions>& values() const { return values_; }
  /// One value a pair of neighbours; none for a single image.
  const std::array<std::vector<double>, kHeadReductions>& null_values() const { return null_; }

 private:
  at::Tensor laid_out(const at::Tensor& per_head) const;
  void pair(const at::Tensor& images, const at::Tensor& next_images);

  Index windows_;
  at::Tensor first_, last_;  // (1, heads, length), unit length each
  std::array<std::vector<double>, kHeadReductions> values_, null_;
};

}  // namespace vitlab
