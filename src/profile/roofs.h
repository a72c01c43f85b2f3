#pragma once

#include <vector>

#include <ATen/ATen.h>

#include "messages/answers.h"
#include "profile/memory_levels.h"

namespace vitlab::profile {

/// The most that a device gave our own micro-benchmarks: what an op is compared with.
struct Roofs {
  double flops_per_s = 0;   // square matrix product, a multiply-add counted as 2
  double bytes_per_s = 0;   // copy or triad (a + s·b) over buffers beyond the caches
  double call_seconds = 0;  // an element-wise op on one element: what a call costs at least
  /// Our own loop of float32 multiply-adds in registers; 0 where it is not built (CUDA).
  double fma_flops_per_s = 0;
  std::vector<MemoryLevel> levels;  // the nearest first; empty where our kernels are not built
};

/// Measures in a few seconds, with the threads now set; later calls for the same device, dtype and
/// threads give the same numbers.
Roofs measured_roofs(at::Device device, at::ScalarType dtype);

/// The same in the units that are told.
messages::Roofs roofs_message(const Roofs& roofs);

/// Which of the three roofs allows an op the least: the largest of flops / peak, bytes / peak and
/// the cost of a call (Williams et al. 2009, with the call as a third roof).
using messages::Bound;
Bound bound_of(double flops, double bytes, const Roofs& roofs);

}  // namespace vitlab::profile
