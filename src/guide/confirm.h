#pragma once

#include <string>
#include <vector>

#include "guide/level_claim.h"

namespace vitlab::guide {

/// What blocks that took no part in choosing the range say about it.
struct Confirmation {
  bool is_confirmed = false;
  std::int64_t held_out = 0;          // blocks
  std::vector<std::string> contexts;  // joint contexts that confirm by themselves
  std::int64_t budgets = 0;           // distinct budgets among the confirming contexts' blocks

  /// Two contexts and two budgets or more.
  bool is_broad() const { return is_confirmed && contexts.size() >= 2 && budgets >= 2; }
};

/// Holds out 30 % of the blocks (by hash, contexts taking turns), chooses a range on the others and
/// confirms it where the held-out contrast, range minus all else, points the better way with a
/// one-sided 90 % bound (Student's t over blocks; at least two blocks). Needs kBootstrapBlocks.
Confirmation confirm(const Comparison& comparison, const Factor& factor, stats::Direction direction,
                     const LevelClaim& claim, const GuideOptions& options, double margin);

}  // namespace vitlab::guide
