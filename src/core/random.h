#pragma once

#include <cstdint>
#include <vector>

namespace vitlab::core {

/// A small counter-seeded generator (SplitMix64 seeding xoshiro256**); the same numbers on every
/// machine and build, unlike the distributions of the standard library.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  std::uint64_t next();
  /// Uniform in [0, 1) with 53 random bits.
  double uniform();
  double uniform(double low, double high);
  /// Uniform in [0, bound), unbiased; bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Standard normal (Box-Muller, no cached half).
  double normal();
  /// Gamma(shape, 1) by Marsaglia and Tsang; shape > 0.
  double gamma(double shape);
  /// Beta(a, b) from two gammas.
  double beta(double a, double b);
  /// A permutation of 0..n-1 (Fisher-Yates).
  std::vector<std::int64_t> permutation(std::int64_t n);

 private:
  std::uint64_t state_[4];
};

}  // namespace vitlab::core
