#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lab/sweep_folder.h"

namespace vitlab::lab {

/// What a sweep's folder holds, finished or not, once its views and report are rebuilt.
struct Conclusion {
  std::filesystem::path out, results, report;
  std::size_t stages = 0, done = 0;
  std::vector<store::OpenStage> not_done;
  std::vector<std::string> verdict;           // the three most telling lines
  std::vector<store::StoreProblem> problems;  // damaged records, passed over

  bool is_complete() const { return done == stages; }
};

/// Collects a sweep's records into its table, derives its guidelines and writes its report.
Conclusion conclude(const SweepFolder& folder);

}  // namespace vitlab::lab
