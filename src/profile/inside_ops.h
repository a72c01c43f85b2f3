#pragma once

#include <vector>

#include "profile/onednn_lines.h"
#include "profile/seen_forward.h"
#include "profile/timed_model.h"

namespace vitlab::profile {

/// What ops do that their names do not tell, seen in forwards apart from the timed ones.
struct InsideOps {
  /// By node; shares of one node sum to 1 at most.
  std::vector<std::vector<HiddenMove>> moves;
  /// Forwards under LibTorch's profiler, the first (which warms it up) left out, and their seconds.
  std::vector<SeenForward> forwards;
  std::vector<double> seconds;
};

/// Runs `forwards` + 1 forwards under LibTorch's profiler and, on the CPU, a few more in which
/// oneDNN tells what it runs.
InsideOps look_inside(TimedModel& model, at::Device device, int forwards);

/// The moves of each node over several forwards that all run the same nodes: the median share and
/// the bytes of the last forward.
std::vector<std::vector<HiddenMove>> merged_moves(
    const std::vector<std::vector<std::vector<HiddenMove>>>& by_forward);

/// The layout changes among what oneDNN ran inside a node.
std::vector<HiddenMove> moves_inside(const OnednnNode& node);

}  // namespace vitlab::profile
