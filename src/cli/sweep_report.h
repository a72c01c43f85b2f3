#pragma once

#include <string>
#include <string_view>

#include "cli/sweep_folder.h"
#include "core/error.h"
#include "core/json.h"

namespace vitlab::cli {

/// What a command says of a sweep's folder whose views and report it rebuilt.
struct SweepOutcome {
  core::Json document;  // what --json prints, but for `schema` and `command`
  std::string text;     // where the report is, what is not done, and its three most telling lines
  core::ExitCode code = core::ExitCode::kDone;  // 3 if some stages are not done
};
SweepOutcome conclude_sweep(const SweepFolder& folder);

/// Concludes one sweep and prints it.
core::ExitCode finish_sweep(const SweepFolder& folder, bool json, std::string_view command);

}  // namespace vitlab::cli
