#pragma once

#include <vector>

#include "profile/memory_levels.h"

namespace vitlab::profile {

/// What our own CUDA kernels measured on a GPU; empty where they are not built or do not run.
struct CudaRoofs {
  double fma_flops_per_s = 0;
  std::vector<MemoryLevel> levels;  // L2, and HBM: memory beyond it
  std::string missing;              // why there is nothing; "" if there is
};

/// Opens libvitlab_cuda_roofs.so beside the program. Never throws: `missing` says what is wrong.
CudaRoofs measured_cuda_roofs(int device);

}  // namespace vitlab::profile
