#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "store/results_csv.h"
#include "sweep/plan.h"

namespace vitlab::store {

/// Adds what other programs measured of a plan's models: each `folder`/*.csv, in the order of their
/// names, with the columns of results.csv (knob columns may be left out; the model's stand in the
/// table). A row is a `throughput` or `latency` of a model of the plan, in the metric's own unit,
/// in a runtime other than vitlab, once a setting. Returns the names of the files; throws UserError
/// with file, row and reason.
std::vector<std::string> add_external_rows(const std::filesystem::path& folder,
                                           const sweep::Plan& plan, ResultsTable& table);

}  // namespace vitlab::store
