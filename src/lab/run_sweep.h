#pragma once

#include <string>
#include <vector>

#include "lab/conclude.h"
#include "lab/engines.h"
#include "sweep/sweep_spec.h"

namespace vitlab::lab {

/// A sweep that was read, and how it is to be run.
struct SweepRequest {
  std::string file, out;  // where the sweep and its store stand
  sweep::SweepSpec spec;
  graph::Index workers = 0;  // engines at once for untimed stages; 0: one a core
  bool retry_failed = false;
};

/// Reads all sweeps before any is run: each goes into `out`, or a folder of its name there where
/// they are several, or results/<name> where `out` is empty. Throws UserError for what is wrong
/// with any of them, and for two sweeps of one name.
std::vector<SweepRequest> read_sweeps(const std::vector<std::string>& files,
                                      const std::string& out);

/// Solves what is to be measured; trains, analyses and measures what the store lacks; concludes.
/// Throws UserError for a sweep without trials, and Interrupted once the views hold what was done.
Conclusion run_sweep(const SweepRequest& request, Engines& engines, const EventSink& sink);

}  // namespace vitlab::lab
