#pragma once

#include <string>
#include <string_view>

#include "cli/sweep_folder.h"
#include "core/error.h"

namespace vitlab {

/// Rebuilds the views and the report of a sweep's folder and prints where it is and its three most
/// telling lines; exit code 3 if some stages are not done.
ExitCode finish_sweep(const SweepFolder& folder, bool json, std::string_view command);

}  // namespace vitlab
