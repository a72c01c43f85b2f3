#pragma once

#include <cstdint>

namespace vitlab::profile {

/// The loops that roofs are measured with, compiled for each instruction set and chosen once by
/// what the processor has (AVX-512, AVX2 with FMA, or the build's own).
struct RoofKernels {
  const char* instruction_set;
  /// Multiply-adds in registers: independent chains enough to hide their latency. Gives the flops
  /// that `turns` make, a multiply-add counted as 2.
  double (*multiply_add)(std::int64_t turns);
  /// Over `count` floats, a multiple of 256, aligned to 64 bytes, `passes` times.
  void (*read)(const float* a, std::int64_t count, std::int64_t passes);
  void (*copy)(float* a, const float* b, std::int64_t count, std::int64_t passes);
  void (*triad)(float* a, const float* b, const float* c, std::int64_t count, std::int64_t passes);
};

const RoofKernels& roof_kernels();

}  // namespace vitlab::profile
