#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/sweep_spec.h"

namespace vitlab::sweep {

/// The metrics that a solve measures: throughput (images/s) and latency_ms (of a batch).
const std::vector<std::string>& speed_metric_names();

/// Widths that were found by measuring, as a lock file keeps them.
struct LockedSolution {
  core::Json value;  // of the width knob
  double achieved = 0, low = 0, high = 0;
  double residual = 0;  // of speed: above 0 is faster than asked
  std::string verdict;  // "met", or how the search ended
  std::string reason;   // "" if met
  graph::Index measurements = 0;
  std::string device;  // name of the processor or GPU

  /// Its middle value fits the target; only "met" also has an interval as narrow as the tolerance.
  bool fits() const { return verdict == "met" || verdict == "noisy"; }
  friend bool operator==(const LockedSolution&, const LockedSolution&) = default;
};

/// sweep.lock.yaml of an output folder: what measured solves of a sweep gave. A solution belongs to
/// the knobs, the target and the protocol that it was found for; others are left alone.
class SolveLock {
 public:
  SolveLock() = default;
  /// Reads the lock in `folder`; empty if there is none. Throws UserError with every problem and
  /// its place.
  static SolveLock read(const std::filesystem::path& folder);

  /// Forgets searches whose measurements were used up before anything fitted: they go on.
  void forget_unsettled();

  const LockedSolution* find(const std::string& key) const;
  /// Adds a solution and writes the file at once; `about` says for readers what it is for.
  void add(const std::string& key, const LockedSolution& solution, const core::Json& about,
           const std::filesystem::path& folder);

 private:
  struct Entry {
    LockedSolution solution;
    core::Json about;
  };
  std::string text() const;

  std::map<std::string, Entry> entries_;
};

constexpr const char* kSolveLockName = "sweep.lock.yaml";

/// What a solution is the identity of: knobs, metric, budget, what it is relative to, tolerance,
/// quantum, protocol and class of device.
core::Json solve_target_json(const core::Json& knobs, const WidthSolve& solve, double budget);
std::string solve_key(const core::Json& target);

}  // namespace vitlab::sweep
