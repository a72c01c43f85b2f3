#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graph/shape.h"

namespace vitlab::profile {

/// A level of memory and what it gave; a byte is counted where the program reads or writes it.
struct MemoryLevel {
  std::string name;             // L1, L2, L3, DRAM; on a GPU L2 and HBM
  graph::Index size_bytes = 0;  // of a cache (one of several equal ones); the working set of DRAM
  double read_bytes_per_s = 0;
  double copy_bytes_per_s = 0;
  double triad_bytes_per_s = 0;  // a = b + s·c (McCalpin's STREAM)
};

/// A cache as Linux tells it.
struct CacheLevel {
  int level = 0;
  graph::Index size_bytes = 0;
  graph::Index sharers = 1;  // processors that share one
};

/// Data and unified caches of the first processor, the nearest first; empty if Linux tells none.
std::vector<CacheLevel> cache_levels();

/// Rates with `threads` threads at once, each on a part of its own: in a cache all parts together
/// fill half of it, in DRAM they pass twice the last cache. A level whose parts do not fit into a
/// quarter of free memory is left out. Takes a tenth of a second a level, DRAM about a second.
std::vector<MemoryLevel> measured_levels(int threads);

/// The rates of one working set: `bytes` in all, over `threads` threads.
MemoryLevel measured_level(std::string name, graph::Index bytes, int threads);

/// Fused multiply-adds in float32 over `threads` threads, a multiply-add counted as 2.
double fma_flops_per_s(int threads);

}  // namespace vitlab::profile
