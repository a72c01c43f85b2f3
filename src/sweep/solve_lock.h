#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "core/json_fields.h"
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

/// What a measured solve asks, which is what its solution is kept under.
struct SolveTarget {
  core::Json knobs = core::Json::object();
  std::string metric;
  double equals = 0;
  std::string relative_to;  // a model's id; "" if the target is absolute
  double tolerance = 0;
  graph::Index multiple_of = 1;
  core::Json protocol = core::Json::object();  // without its device
  std::string device;                          // class of device

  friend bool operator==(const SolveTarget&, const SolveTarget&) = default;
  static constexpr auto fields() {
    return std::tuple{core::required("knobs", &SolveTarget::knobs),
                      core::required("metric", &SolveTarget::metric),
                      core::required("equals", &SolveTarget::equals),
                      core::optional("relative_to", &SolveTarget::relative_to),
                      core::required("tolerance", &SolveTarget::tolerance),
                      core::required("multiple_of", &SolveTarget::multiple_of),
                      core::required("protocol", &SolveTarget::protocol),
                      core::required("device", &SolveTarget::device)};
  }
};

/// The target of one point whose widths `solve` asks for.
SolveTarget solve_target(const core::Json& knobs, const WidthSolve& solve, double equals);
/// The identity of a target, under which the lock keeps its solution.
std::string solve_key(const SolveTarget& target);

}  // namespace vitlab::sweep
