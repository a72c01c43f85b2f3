#pragma once

#include <string>
#include <vector>

#include "facts/report_model.h"
#include "messages/profile_answer.h"
#include "report/document.h"

namespace vitlab::report {

inline constexpr const char* kOpsHeading = "Ten ops to fix";

/// Ops that do the same work, and the time that they lose.
struct OpToFix {
  messages::ProfiledOp op;  // the slowest of them
  int alike = 1;            // how many ops: same kind of layer, op, arithmetic and traffic
  double time_ms = 0;       // of all of them
  double share = 0;         // of all of them
  double above_ms = 0;      // time above what the roofs allow
  double reached = 0;       // what the roofs allow over the time taken
  std::string meaning;      // a sentence, from the numbers alone
};

/// The ops that lose the most time, the worst first, at most `most`.
std::vector<OpToFix> ops_to_fix(const messages::ProfileTimes& profile, std::size_t most = 10);

/// A table of them for one model.
Table ops_table(const messages::ProfileTimes& profile, const std::string& model);
/// Tables of the models that the roofline shows (profiled_models()); none without profiles.
std::vector<Table> ops_tables(const facts::ReportModels& models);
/// The tables as a section shows them, with what their columns mean; none without rows.
Blocks ops_blocks(std::vector<Table> tables);

/// All of them as CSV; "" if there are none.
std::string ops_csv(const facts::ReportModels& models);

}  // namespace vitlab::report
