#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "profile/timed_run.h"

namespace vitlab::profile {

/// What the turns of one candidate gave.
struct TimedTurns {
  std::vector<std::vector<double>> rounds;   // seconds of each timed batch, by round
  messages::RuntimeFacts about;              // of its runtime
  std::optional<std::string> out_of_memory;  // the reason; then there are no rounds
  std::optional<std::string> failed;         // the reason; then there are no rounds
};

/// How turns are taken beyond what the protocols say.
struct TurnOptions {
  /// Until the bootstrap interval of every median lies within ± this share of it; 0: never.
  double until = 0;
  /// At most so many times the rounds of the protocols.
  graph::Index most = 5;
  /// Called when all candidates are open and warm, before the first round.
  std::function<void()> when_warm;
};

/// Opens and warms up every candidate, then lets them take turns: in each round each has its share
/// of its timed_seconds, in an order that turns round by round. A candidate stays open from round
/// to round while memory allows it; those that waited longest are closed for others, and opened
/// again for their next turn. Running out of memory and a Failure end that candidate only; other
/// errors pass.
std::vector<TimedTurns> take_turns(const std::vector<Candidate>& candidates,
                                   const TurnOptions& options, const TimingNotice& notice);

/// Whether the 95 % bootstrap interval of the median lies within ± `share` of it.
bool is_settled(const std::vector<std::vector<double>>& rounds, double share);

/// All seconds in the order they were taken.
std::vector<double> joined(const std::vector<std::vector<double>>& rounds);

}  // namespace vitlab::profile
