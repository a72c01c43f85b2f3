#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <numeric>

#include "core/error.h"

namespace vitlab {

using Index = std::int64_t;

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
    ensure(rank_ < kMaxRank, "a shape has at most eight dimensions");
    sizes_[static_cast<std::size_t>(rank_++)] = size;
  }
  /// The number of elements; 1 for rank 0.
  Index elements() const { return std::accumulate(begin(), end(), Index{1}, std::multiplies<>()); }

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

}  // namespace vitlab
