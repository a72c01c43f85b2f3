#pragma once

#include <array>
#include <cstddef>

#include <ATen/ATen.h>

#include "graph/shape.h"

namespace vitlab::similarity {

/// Pairs each image with the next one in the order given, the last with the first: the
/// shuffled-image null of whatever is compared. Holds two images at most. Several tensors may stand
/// for an image, all with images as their first dimension.
template <std::size_t kTensors>
class ImageChain {
 public:
  using Images = std::array<at::Tensor, kTensors>;

  /// `pair(a, b)` is called with as many images in a as in b, each b the neighbour of its a.
  template <typename Pair>
  void add(const Images& images, Pair&& pair) {
    const graph::Index count = images[0].size(0);
    if (last_[0].defined())
      pair(last_, part(images, 0, 1));
    else
      first_ = copied(part(images, 0, 1));
    if (count > 1) pair(part(images, 0, count - 1), part(images, 1, count - 1));
    last_ = copied(part(images, count - 1, 1));
    count_ += count;
  }
  /// Without it the last image has no neighbour; a single image never has one.
  template <typename Pair>
  void close(Pair&& pair) {
    if (count_ > 1) pair(last_, first_);
  }

 private:
  static Images part(const Images& images, graph::Index begin, graph::Index count) {
    Images some;
    for (std::size_t i = 0; i < kTensors; ++i) some[i] = images[i].narrow(0, begin, count);
    return some;
  }
  static Images copied(Images images) {
    for (at::Tensor& tensor : images) tensor = tensor.clone();
    return images;
  }

  Images first_, last_;
  graph::Index count_ = 0;
};

}  // namespace vitlab::similarity
