#include "profile/roof_kernels.h"

// Without LibTorch and its headers: compiled with -O3 and fused multiply-adds, see CMakeLists.txt.

namespace vitlab::profile {

namespace {

template <int kLanes>
using Vector [[gnu::vector_size(kLanes * 4)]] = float;

/// Chains of multiply-adds: two units times four or five cycles of latency need ten.
constexpr int kChains = 12;
/// Vectors that one turn of a memory loop moves.
constexpr int kUnroll = 8;

/// What the compiler can neither foresee nor leave out.
template <typename Value>
[[gnu::always_inline]] inline void keep(Value& value) {
  asm volatile("" : "+m"(value) : : "memory");
}

template <int kLanes>
[[gnu::always_inline]] inline double multiply_adds(std::int64_t turns) {
  float factor = 0.9999F, summand = 1e-4F;
  keep(factor);
  keep(summand);
  const Vector<kLanes> a = factor - Vector<kLanes>{}, b = summand - Vector<kLanes>{};
  Vector<kLanes> sums[kChains] = {};
  keep(sums);  // equal chains would be computed once
  for (std::int64_t i = 0; i < turns; ++i) {
#pragma GCC unroll 12
    for (int k = 0; k < kChains; ++k) sums[k] = sums[k] * a + b;
  }
  keep(sums);
  return 2.0 * kLanes * kChains * static_cast<double>(turns);
}

template <int kLanes>
[[gnu::always_inline]] inline void read_all(const float* from, std::int64_t count,
                                            std::int64_t passes) {
  const auto* a = reinterpret_cast<const Vector<kLanes>*>(from);
  Vector<kLanes> total = {};
  for (std::int64_t pass = 0; pass < passes; ++pass) {
    Vector<kLanes> sums[kUnroll] = {};
    for (std::int64_t i = 0; i < count / kLanes; i += kUnroll) {
#pragma GCC unroll 8
      for (int k = 0; k < kUnroll; ++k) sums[k] += a[i + k];
    }
#pragma GCC unroll 8
    for (int k = 0; k < kUnroll; ++k) total += sums[k];
    keep(a);
  }
  keep(total);
}

template <int kLanes>
[[gnu::always_inline]] inline void copy_all(float* to, const float* from, std::int64_t count,
                                            std::int64_t passes) {
  auto* __restrict a = reinterpret_cast<Vector<kLanes>*>(to);
  const auto* __restrict b = reinterpret_cast<const Vector<kLanes>*>(from);
  for (std::int64_t pass = 0; pass < passes; ++pass) {
    for (std::int64_t i = 0; i < count / kLanes; i += kUnroll) {
#pragma GCC unroll 8
      for (int k = 0; k < kUnroll; ++k) a[i + k] = b[i + k];
    }
    keep(*to);
  }
}

template <int kLanes>
[[gnu::always_inline]] inline void triad_all(float* to, const float* left, const float* right,
                                             std::int64_t count, std::int64_t passes) {
  auto* __restrict a = reinterpret_cast<Vector<kLanes>*>(to);
  const auto* __restrict b = reinterpret_cast<const Vector<kLanes>*>(left);
  const auto* __restrict c = reinterpret_cast<const Vector<kLanes>*>(right);
  float factor = 0.5F;
  keep(factor);
  for (std::int64_t pass = 0; pass < passes; ++pass) {
    for (std::int64_t i = 0; i < count / kLanes; i += kUnroll) {
#pragma GCC unroll 8
      for (int k = 0; k < kUnroll; ++k) a[i + k] = b[i + k] + factor * c[i + k];
    }
    keep(*to);
  }
}

#if defined(__x86_64__)

[[gnu::target("avx512f,fma")]] double multiply_add_512(std::int64_t turns) {
  return multiply_adds<16>(turns);
}
[[gnu::target("avx512f,fma")]] void read_512(const float* a, std::int64_t n, std::int64_t passes) {
  read_all<16>(a, n, passes);
}
[[gnu::target("avx512f,fma")]] void copy_512(float* a, const float* b, std::int64_t n,
                                             std::int64_t passes) {
  copy_all<16>(a, b, n, passes);
}
[[gnu::target("avx512f,fma")]] void triad_512(float* a, const float* b, const float* c,
                                              std::int64_t n, std::int64_t passes) {
  triad_all<16>(a, b, c, n, passes);
}

[[gnu::target("avx2,fma")]] double multiply_add_256(std::int64_t turns) {
  return multiply_adds<8>(turns);
}
[[gnu::target("avx2,fma")]] void read_256(const float* a, std::int64_t n, std::int64_t passes) {
  read_all<8>(a, n, passes);
}
[[gnu::target("avx2,fma")]] void copy_256(float* a, const float* b, std::int64_t n,
                                          std::int64_t passes) {
  copy_all<8>(a, b, n, passes);
}
[[gnu::target("avx2,fma")]] void triad_256(float* a, const float* b, const float* c, std::int64_t n,
                                           std::int64_t passes) {
  triad_all<8>(a, b, c, n, passes);
}

#endif

double multiply_add_128(std::int64_t turns) { return multiply_adds<4>(turns); }
void read_128(const float* a, std::int64_t n, std::int64_t passes) { read_all<4>(a, n, passes); }
void copy_128(float* a, const float* b, std::int64_t n, std::int64_t passes) {
  copy_all<4>(a, b, n, passes);
}
void triad_128(float* a, const float* b, const float* c, std::int64_t n, std::int64_t passes) {
  triad_all<4>(a, b, c, n, passes);
}

RoofKernels chosen_kernels() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f"))
    return {"AVX-512", multiply_add_512, read_512, copy_512, triad_512};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return {"AVX2", multiply_add_256, read_256, copy_256, triad_256};
#endif
  return {"128 bits", multiply_add_128, read_128, copy_128, triad_128};
}

}  // namespace

const RoofKernels& roof_kernels() {
  static const RoofKernels kKernels = chosen_kernels();
  return kKernels;
}

}  // namespace vitlab::profile
