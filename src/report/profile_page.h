#pragma once

#include <vector>

#include "messages/profile_answer.h"
#include "report/renderers.h"

namespace vitlab::report {

/// The profile of one model written up, from the answer of `profile`: index.html (one
/// self-contained page), profile.json, ops.csv, layers.csv, and roofline.svg, categories.svg,
/// groups.svg and memory.svg where the profile has their numbers. The same profile gives the same
/// bytes.
std::vector<ReportFile> profile_files(const messages::ProfileAnswer& profile);

}  // namespace vitlab::report
