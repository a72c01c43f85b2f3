#pragma once

#include <vector>

#include "core/json.h"
#include "report/renderers.h"

namespace vitlab::report {

/// The profile of one model written up, from the JSON of `profile --json`: index.html (one
/// self-contained page), profile.json, ops.csv, layers.csv, and roofline.svg, categories.svg,
/// groups.svg and memory.svg where the profile has their numbers. The same JSON gives the same
/// bytes.
std::vector<ReportFile> profile_files(const core::Json& profile);

}  // namespace vitlab::report
