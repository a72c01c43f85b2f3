#include "similarity/row_sums.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

// The compiler makes vector code of plain loops over whole groups of lanes; on x86 once for every
// processor and once for those with AVX2, which give the same numbers, since neither fuses
// multiplications with additions.
#define VITLAB_INLINE [[gnu::always_inline]] inline
#if defined(__x86_64__)
#define VITLAB_WIDE [[gnu::target("avx2")]]
#else
#define VITLAB_WIDE
#endif

namespace vitlab::similarity {

namespace {

constexpr graph::Index kLanes = 16;

bool has_wide() {
#if defined(__x86_64__)
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
#else
  return false;
#endif
}

/// ln x for x >= 0: the exponent times ln 2, and a polynomial in what is left in [sqrt(1/2),
/// sqrt(2)) (Cephes' logf). Below the least normal number it is that number's, found by whole
/// numbers, since compilers do not make vector code of comparisons of floats.
VITLAB_INLINE float natural_log(float x) {
  constexpr std::int32_t kRootHalf = 0x3f3504f3, kLeast = 0x00800000;
  const std::int32_t at_least = std::bit_cast<std::int32_t>(x);
  const std::int32_t bits = (at_least < kLeast ? kLeast : at_least) - kRootHalf;
  const std::int32_t exponent = bits >> 23;
  const float z = std::bit_cast<float>((bits & 0x007fffff) + kRootHalf) - 1.0F;
  const auto e = static_cast<float>(exponent);
  float y = 7.0376836292e-2F;
  y = y * z - 1.1514610310e-1F;
  y = y * z + 1.1676998740e-1F;
  y = y * z - 1.2420140846e-1F;
  y = y * z + 1.4249322787e-1F;
  y = y * z - 1.6668057665e-1F;
  y = y * z + 2.0000714765e-1F;
  y = y * z - 2.4999993993e-1F;
  y = y * z + 3.3333331174e-1F;
  y = y * z * z * z;
  return y + e * -2.12194440e-4F - 0.5F * z * z + z + e * 0.693359375F;
}

VITLAB_INLINE double natural_log(double x) {
  return std::log(std::max(x, std::numeric_limits<double>::min()));
}

template <typename T>
VITLAB_INLINE T p_log_p(T p) {
  return p * natural_log(p);
}

/// Sum of term(k) for k < count: whole groups of lanes first, then what is left. `Term` gives T;
/// lanes add up as `Sum`.
template <typename Sum, typename Term>
VITLAB_INLINE double sum_of(graph::Index count, Term term) {
  std::array<Sum, kLanes> lanes{};
  graph::Index k = 0;
  for (; k + kLanes <= count; k += kLanes)
    for (graph::Index lane = 0; lane < kLanes; ++lane)
      lanes[static_cast<std::size_t>(lane)] += term(k + lane);
  double sum = 0;
  for (const Sum lane : lanes) sum += static_cast<double>(lane);
  for (; k < count; ++k) sum += static_cast<double>(term(k));
  return sum;
}

/// Lanes of T hold few terms each before they go into the float64 sum.
template <typename T>
VITLAB_INLINE double dot_of(const T* a, const T* b, T centre, graph::Index count) {
  constexpr graph::Index kRun = 32 * kLanes;
  double sum = 0;
  for (graph::Index begin = 0; begin < count; begin += kRun)
    sum += sum_of<T>(
        std::min(kRun, count - begin), [=](graph::Index k) __attribute__((always_inline)) {
          return (a[begin + k] - centre) * (b[begin + k] - centre);
        });
  return sum;
}

template <typename T>
VITLAB_INLINE double sum_less_of(const T* a, T centre, graph::Index count) {
  return sum_of<double>(
      count, [ a, centre ](graph::Index k)
                 __attribute__((always_inline)) { return static_cast<double>(a[k] - centre); });
}

template <typename T>
VITLAB_INLINE double entropy_of(const T* p, graph::Index count) {
  return sum_of<T>(
      count, [p](graph::Index k) __attribute__((always_inline)) { return p_log_p(p[k]); });
}

template <typename T>
VITLAB_INLINE double mean_entropy_of(const T* p, const T* q, graph::Index count) {
  return sum_of<T>(
      count, [ p, q ](graph::Index k)
                 __attribute__((always_inline)) { return p_log_p((p[k] + q[k]) * T{0.5}); });
}

VITLAB_WIDE double wide_dot(const float* a, const float* b, float centre, graph::Index count) {
  return dot_of(a, b, centre, count);
}
VITLAB_WIDE double wide_sum_less(const float* a, float centre, graph::Index count) {
  return sum_less_of(a, centre, count);
}
VITLAB_WIDE double wide_entropy(const float* p, graph::Index count) { return entropy_of(p, count); }
VITLAB_WIDE double wide_mean_entropy(const float* p, const float* q, graph::Index count) {
  return mean_entropy_of(p, q, count);
}

}  // namespace

double dot(const float* a, const float* b, float centre, graph::Index count) {
  return has_wide() ? wide_dot(a, b, centre, count) : dot_of(a, b, centre, count);
}
double dot(const double* a, const double* b, double centre, graph::Index count) {
  return dot_of(a, b, centre, count);
}

double sum_less(const float* a, float centre, graph::Index count) {
  return has_wide() ? wide_sum_less(a, centre, count) : sum_less_of(a, centre, count);
}
double sum_less(const double* a, double centre, graph::Index count) {
  return sum_less_of(a, centre, count);
}

double negative_entropy(const float* p, graph::Index count) {
  return has_wide() ? wide_entropy(p, count) : entropy_of(p, count);
}
double negative_entropy(const double* p, graph::Index count) { return entropy_of(p, count); }

double negative_entropy_of_mean(const float* p, const float* q, graph::Index count) {
  return has_wide() ? wide_mean_entropy(p, q, count) : mean_entropy_of(p, q, count);
}
double negative_entropy_of_mean(const double* p, const double* q, graph::Index count) {
  return mean_entropy_of(p, q, count);
}

}  // namespace vitlab::similarity
