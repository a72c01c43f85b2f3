#pragma once

#include <string>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "lab/conclude.h"

namespace vitlab::cli {

/// What --json prints of a sweep's folder, but for `schema` and `command`.
core::Json conclusion_json(const lab::Conclusion& conclusion);
/// Where the report is, what is not done, and the three most telling lines.
std::string conclusion_text(const lab::Conclusion& conclusion);
/// 3 if some stages are not done.
core::ExitCode exit_code(const lab::Conclusion& conclusion);

/// Names on stderr the damaged records that were passed over.
void log_problems(const std::vector<store::StoreProblem>& problems);

}  // namespace vitlab::cli
