#pragma once

#include <cstdint>
#include <vector>

#include "data/image.h"

namespace vitlab::data {

/// Procedurally drawn images whose class is a relation between far-apart marks and nothing else.
///
/// k marks of different shape and colour stand on a ring; the class is their cyclic order. Every
/// image shows the same k marks, and the ring is turned by a random number of places, so each mark
/// is equally likely at each place whatever the class: no patch that misses a neighbour, no colour
/// or shape count and no mean of pixels says anything. k is the least with (k-1)! >= classes.
struct RingTask {
  std::int64_t classes = 10;
  std::int64_t size = 64;
  std::uint64_t seed = 0;

  /// 3 to 6.
  int marks() const;
  /// Marks clockwise, starting with mark 0: the class'th such order in the dictionary.
  std::vector<int> order_of_class(std::int64_t label) const;
  /// Classes follow each other, so every run of `classes` images holds each once.
  std::int64_t label_of(std::int64_t image) const { return image % classes; }
  /// Draws image number `image` into `out` (3, size, size) in [0, 1].
  void draw(std::int64_t image, float* out) const;
};

/// The most classes that six marks can spell.
constexpr std::int64_t kMostRingClasses = 120;

/// Red, green and blue of a mark, before its brightness of 0.8 to 1.
struct MarkColour {
  float red, green, blue;
};
MarkColour mark_colour(int mark);

}  // namespace vitlab::data
