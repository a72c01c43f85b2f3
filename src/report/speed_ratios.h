#pragma once

#include <string>
#include <vector>

#include "facts/report_model.h"

namespace vitlab::report {

inline constexpr const char* kSpeedRatioHeading = "Speed ratios beside the paper's";

/// Throughput of one model over that of another, ours and the paper's: a row for each pair that the
/// paper compares and each setting in which both were measured; no rows where none were.
struct SpeedRatioTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> notes;  // sentences: what the numbers are
};

SpeedRatioTable speed_ratio_table(const facts::ReportInput& input,
                                  const facts::ReportModels& models);

}  // namespace vitlab::report
