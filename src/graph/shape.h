#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <string>

#include "core/error.h"

namespace vitlab::graph {

using Index = std::int64_t;

/// A number of elements, bytes or operations is beyond 64 bits.
class TooLarge : public core::UserError {
 public:
  TooLarge()
      : core::UserError(
            "the model is too large to count: a number of elements or operations exceeds " +
            std::to_string(std::numeric_limits<Index>::max()) +
            "; choose a smaller image, batch, width or depth") {}
};

/// a · b and a + b of counts; throw TooLarge where 64 bits do not hold them.
inline Index counted_product(Index a, Index b) {
  Index result = 0;
  if (__builtin_mul_overflow(a, b, &result)) throw TooLarge();
  return result;
}
inline Index counted_sum(Index a, Index b) {
  Index result = 0;
  if (__builtin_add_overflow(a, b, &result)) throw TooLarge();
  return result;
}

/// The sizes of a tensor's dimensions, at most eight; a value without a heap allocation, because
/// a sweep writes millions of them.
class Shape {
 public:
  static constexpr int kMaxRank = 8;

  Shape() = default;
  Shape(std::initializer_list<Index> sizes) {
    for (const Index size : sizes) push_back(size);
  }

  int rank() const { return rank_; }
  Index operator[](int i) const { return sizes_[static_cast<std::size_t>(i)]; }
  Index& operator[](int i) { return sizes_[static_cast<std::size_t>(i)]; }
  const Index* begin() const { return sizes_.data(); }
  const Index* end() const { return sizes_.data() + rank_; }
  Index back() const { return sizes_[static_cast<std::size_t>(rank_ - 1)]; }
  void push_back(Index size) {
    core::ensure(rank_ < kMaxRank, "a shape has at most eight dimensions");
    sizes_[static_cast<std::size_t>(rank_++)] = size;
  }
  /// The number of elements; 1 for rank 0. Throws TooLarge.
  Index elements() const { return std::accumulate(begin(), end(), Index{1}, counted_product); }

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (int i = 0; i < a.rank_; ++i)
      if (a[i] != b[i]) return false;
    return true;
  }

 private:
  std::array<Index, kMaxRank> sizes_{};
  int rank_ = 0;
};

}  // namespace vitlab::graph
