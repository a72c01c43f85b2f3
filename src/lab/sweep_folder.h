#pragma once

#include <filesystem>
#include <string>

#include "store/collect.h"
#include "sweep/plan.h"

namespace vitlab::lab {

/// A folder that `sweep` wrote: its store and the plan that was run last.
struct SweepFolder {
  store::Store store;
  std::string plan_hash;
  sweep::Plan plan;
  std::string command;  // that reproduces it

  /// views/results.csv, which write_views() writes.
  std::filesystem::path results() const { return store.views() / "results.csv"; }
};

/// Notes in the store which plan the views and reports are about.
void set_current_plan(const store::Store& store, const std::string& plan_hash,
                      const std::string& command);

/// Opens such a folder for reading; throws UserError with the remedy if it is none.
SweepFolder open_sweep_folder(const std::filesystem::path& folder);

/// Rebuilds views/results.csv from whatever the store holds.
store::Collected write_views(const SweepFolder& folder);

}  // namespace vitlab::lab
