#pragma once

#include <vector>

#include "profile/timed_model.h"

namespace vitlab::profile {

/// Memory of one forward: what the graph's plan says beside what LibTorch's allocator held. Both
/// count the batch of images and the maps that live, not the parameters.
struct MemoryTimeline {
  graph::Index predicted_peak_bytes = 0;
  graph::Index measured_peak_bytes = 0;  // at any moment, what ops hold for themselves included
  graph::Index parameter_bytes = 0;
  std::vector<graph::Index> predicted_bytes;  // by node: when it has run, its inputs still held
  std::vector<graph::Index> measured_bytes;
};

/// What the plan says of every node.
MemoryTimeline predicted_memory(const graph::Graph& graph, graph::Index batch,
                                graph::Index element_bytes);

/// Runs one forward and asks the allocator after every node. Measured equals predicted after every
/// node but where the plan's dtype is not the value's: the 64-bit slots of an expert router, and
/// shift masks and offset tables, which are cast from float32 in a model of another dtype. The
/// measured peak also holds what LibTorch's ops take for a moment; what oneDNN and MKL allocate on
/// their own, and what other threads take, passes the allocator by.
MemoryTimeline measured_memory(TimedModel& model, graph::Index batch, graph::Index element_bytes);

}  // namespace vitlab::profile
