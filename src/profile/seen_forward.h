#pragma once

#include <cstddef>
#include <vector>

#include "profile/recorder.h"

namespace vitlab::profile {

/// One node of a forward under LibTorch's profiler: its scope, the ops inside it and the work that
/// they gave to the device.
struct SeenNode {
  SeenEvent scope;
  std::vector<SeenEvent> ops;
  std::vector<SeenEvent> device;
};
using SeenForward = std::vector<SeenNode>;

/// Sorts the events of forwards that ran one after another by forward and node; device work finds
/// its node by the op that asked for it. What belongs to no node is left out.
std::vector<SeenForward> by_forward(const std::vector<SeenEvent>& events);

/// Seconds that the device worked for the node.
double device_seconds(const SeenNode& node);
/// Seconds in which the device did nothing between the first and the last work of a forward: it
/// waited for the next launch.
double idle_seconds(const SeenForward& forward);

/// Movement of data inside a node that the name of its op does not tell.
struct HiddenMove {
  std::string by;    // "contiguous", "clone", "_to_copy", "copy_" of LibTorch, "reorder" of oneDNN
  double share = 0;  // of the node's time
  graph::Index bytes_read = 0, bytes_written = 0;
};

/// The outermost ops of LibTorch that moved data inside a node, one entry a name; single numbers
/// are left out. Shares are of device time where the device worked, else of time on the CPU less
/// `record_seconds` for every op that the profiler wrote down.
std::vector<HiddenMove> moves_inside(const SeenNode& node, double record_seconds);

}  // namespace vitlab::profile
