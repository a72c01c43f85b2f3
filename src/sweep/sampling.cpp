#include "sweep/sampling.h"

#include <array>

#include "core/error.h"
#include "core/hash.h"
#include "core/random.h"

namespace vitlab::sweep {

namespace {

constexpr int kBits = 32;

/// A row of new-joe-kuo-6: degree and coefficients of a primitive polynomial, initial numbers.
struct Primitive {
  int degree;
  std::uint32_t coefficients;
  std::array<std::uint32_t, 5> initial;
};

// Dimensions 2 to 10; the first one is van der Corput's sequence.
constexpr std::array<Primitive, kSobolDimensions - 1> kPrimitives{{{1, 0, {1}},
                                                                   {2, 1, {1, 3}},
                                                                   {3, 1, {1, 3, 1}},
                                                                   {3, 2, {1, 1, 1}},
                                                                   {4, 1, {1, 1, 3, 3}},
                                                                   {4, 4, {1, 3, 5, 13}},
                                                                   {5, 2, {1, 1, 5, 5, 17}},
                                                                   {5, 4, {1, 1, 5, 5, 5}},
                                                                   {5, 7, {1, 1, 7, 11, 19}}}};

using Directions = std::array<std::uint32_t, kBits>;

Directions directions_of(std::size_t dimension) {
  Directions v{};
  if (dimension == 0) {
    for (int i = 0; i < kBits; ++i) v[static_cast<std::size_t>(i)] = 1u << (kBits - 1 - i);
    return v;
  }
  const Primitive& row = kPrimitives[dimension - 1];
  const auto degree = static_cast<std::size_t>(row.degree);
  for (std::size_t i = 0; i < kBits; ++i) {
    if (i < degree) {
      v[i] = row.initial[i] << (kBits - 1 - i);
      continue;
    }
    v[i] = v[i - degree] ^ (v[i - degree] >> degree);
    for (std::size_t k = 1; k < degree; ++k)
      if ((row.coefficients >> (degree - 1 - k)) & 1u) v[i] ^= v[i - k];
  }
  return v;
}

void fill_sobol(std::vector<std::vector<double>>& points, std::size_t dimension,
                core::Random& random) {
  const Directions v = directions_of(dimension);
  const auto shift = static_cast<std::uint32_t>(random.next() >> 32);
  std::uint32_t x = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i][dimension] = static_cast<double>(x ^ shift) * 0x1p-32;
    // Gray code: the next point differs by the direction of the lowest zero bit of i.
    x ^= v[static_cast<std::size_t>(__builtin_ctzll(~static_cast<unsigned long long>(i)))];
  }
}

void fill_latin(std::vector<std::vector<double>>& points, std::size_t dimension,
                core::Random& random) {
  const auto order = random.permutation(static_cast<std::int64_t>(points.size()));
  for (std::size_t i = 0; i < points.size(); ++i)
    points[i][dimension] =
        (static_cast<double>(order[i]) + random.uniform()) / static_cast<double>(points.size());
}

}  // namespace

std::vector<std::vector<double>> unit_points(SampleMethod method, std::size_t count,
                                             std::size_t dimensions, std::uint64_t seed) {
  core::ensure(method != SampleMethod::kSobol || dimensions <= kSobolDimensions,
               "the reader refuses more dimensions than there are direction numbers");
  std::vector<std::vector<double>> points(count, std::vector<double>(dimensions));
  for (std::size_t d = 0; d < dimensions; ++d) {
    // A stream per dimension, so that one more knob leaves the others as they were.
    core::Random random(core::mix64(seed, static_cast<std::uint64_t>(d)));
    if (method == SampleMethod::kSobol) fill_sobol(points, d, random);
    if (method == SampleMethod::kLatin) fill_latin(points, d, random);
    if (method == SampleMethod::kRandom)
      for (auto& point : points) point[d] = random.uniform();
  }
  return points;
}

}  // namespace vitlab::sweep
