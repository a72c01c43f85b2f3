#include <optional>
#include <vector>

#include "core/random.h"
#include "graph/graph.h"
#include "test.hpp"

namespace vitlab::graph {
namespace {

/// The address of every element in row-major order of the indices.
std::vector<Index> addresses(const Shape& shape, const Shape& strides) {
  std::vector<Index> result{0};
  for (int dim = 0; dim < shape.rank(); ++dim) {
    std::vector<Index> next;
    for (const Index base : result)
      for (Index i = 0; i < shape[dim]; ++i) next.push_back(base + i * strides[dim]);
    result = std::move(next);
  }
  return result;
}

/// Strides of a view of these addresses, if one exists: they are forced by the first element of
/// each dimension, so they only have to be tried.
std::optional<Shape> view_by_force(const std::vector<Index>& memory, const Shape& wanted) {
  Shape strides = wanted;
  Index step = 1;
  for (int dim = wanted.rank() - 1; dim >= 0; --dim) {
    strides[dim] = wanted[dim] > 1 ? memory[static_cast<std::size_t>(step)] : 0;
    step *= wanted[dim];
  }
  if (addresses(wanted, strides) != memory) return std::nullopt;
  return strides;
}

/// Sizes that multiply to `elements`, with a few dimensions of size 1 between.
Shape random_shape(core::Random& random, Index elements) {
  Shape shape;
  while (elements > 1 && shape.rank() < 6) {
    if (random.below(5) == 0) shape.push_back(1);
    std::vector<Index> divisors;
    for (Index d = 2; d <= elements; ++d)
      if (elements % d == 0) divisors.push_back(d);
    shape.push_back(shape.rank() == 5 ? elements : divisors[random.below(divisors.size())]);
    elements /= shape.back();
  }
  if (shape.rank() == 0) shape.push_back(1);
  return shape;
}

/// Strides as slices, permutations, broadcasts and odd strides of single elements leave them.
Shape random_strides(core::Random& random, const Shape& shape) {
  Shape strides = shape;
  Index step = 1;
  const bool is_permuted = random.below(2) == 0;
  const auto order = random.permutation(shape.rank());
  for (int i = shape.rank() - 1; i >= 0; --i) {
    const int dim = is_permuted ? static_cast<int>(order[static_cast<std::size_t>(i)]) : i;
    strides[dim] = step;
    const Index sliced_away = random.below(6) == 0 ? 1 : 0;
    step *= shape[dim] + sliced_away;
    if (random.below(10) == 0) strides[dim] = 0;
    if (shape[dim] == 1 && random.below(3) == 0)
      strides[dim] = static_cast<Index>(random.below(50));
  }
  return strides;
}

TEST_CASE("a view is found exactly where the addresses of the elements allow one") {
  core::Random random(11);
  int views = 0, copies = 0;
  for (int run = 0; run < 20'000; ++run) {
    const Index choices[] = {1, 4, 6, 12, 24, 36, 48, 60};
    const Index elements = choices[random.below(8)];
    const Shape shape = random_shape(random, elements);
    const Shape strides = random_strides(random, shape);
    const Shape wanted = random_shape(random, elements);
    const auto expected = view_by_force(addresses(shape, strides), wanted);
    Shape result;
    const bool is_view = view_strides(shape, strides, wanted, result);
    REQUIRE(is_view == expected.has_value());
    ++(is_view ? views : copies);
    if (!is_view) continue;
    for (int dim = 0; dim < wanted.rank(); ++dim)
      if (wanted[dim] > 1) REQUIRE(result[dim] == (*expected)[dim]);
  }
  CHECK(views > 2000);
  CHECK(copies > 2000);
}

TEST_CASE("dense strides lay the last dimension out first") {
  CHECK(dense_strides({2, 3, 4}) == Shape{12, 4, 1});
  CHECK(dense_strides({5}) == Shape{1});
  CHECK(dense_strides({}) == Shape{});
}

}  // namespace
}  // namespace vitlab::graph
