#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "store/store.h"

namespace vitlab::store {

/// What a full check of a store found.
struct FsckReport {
  std::int64_t stages = 0;
  std::int64_t attempts = 0;    // that read well, files and all
  std::int64_t duplicates = 0;  // final attempts beside the winner
  /// Damaged or foreign; moved to quarantine/ when repairing.
  std::vector<StoreProblem> problems;
  /// Left over by processes that are gone; removed when repairing.
  std::vector<std::filesystem::path> leftovers;

  bool is_clean() const { return problems.empty() && leftovers.empty(); }
};

enum class FsckAction { kReport, kRepair };

/// Reads every record, hashes every file of every record and every spec and plan, and looks for
/// what kills left behind: temporaries, claims and files without a record. Safe while others work:
/// what a living process is writing is left alone; what another machine wrote counts as left over
/// when its stage is unclaimed and it is a day old by the clock of the file system.
/// Records of a newer schema are named and left where they are.
FsckReport fsck(const Store& store, FsckAction action);

}  // namespace vitlab::store
