#include "core/random.h"

#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "core/error.h"

namespace vitlab::core {

Random::Random(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    word = z ^ (z >> 31);
  }
}

// xoshiro256** (Blackman and Vigna, 2018).
std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

double Random::uniform(double low, double high) { return low + (high - low) * uniform(); }

std::uint64_t Random::below(std::uint64_t bound) {
  ensure(bound > 0, "Random::below needs a bound above 0");
  const std::uint64_t biased = (0 - bound) % bound;  // 2^64 mod bound: the draws to refuse
  std::uint64_t draw = next();
  while (draw < biased) draw = next();
  return draw % bound;
}

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

// "A simple method for generating gamma variables", Marsaglia and Tsang, 2000.
double Random::gamma(double shape) {
  ensure(shape > 0.0 && std::isfinite(shape), "Random::gamma needs a shape above 0");
  if (shape < 1.0) {
    const double power = std::pow(1.0 - uniform(), 1.0 / shape);
    return gamma(shape + 1.0) * power;
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = normal();
    const double root = 1.0 + c * x;
    if (root <= 0.0) continue;
    const double v = root * root * root;
    if (std::log(1.0 - uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

double Random::beta(double a, double b) {
  const double x = gamma(a);
  const double y = gamma(b);
  // Tiny shapes underflow both gammas; the limit of the distribution is then a coin.
  if (x + y <= 0.0) return uniform() < a / (a + b) ? 1.0 : 0.0;
  return x / (x + y);
}

std::vector<std::int64_t> Random::permutation(std::int64_t n) {
  ensure(n >= 0, "Random::permutation needs a length of at least 0");
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[below(i)]);
  return order;
}

}  // namespace vitlab::core
