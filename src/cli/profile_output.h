#pragma once

#include <filesystem>

#include "messages/profile_answer.h"

namespace vitlab::cli {

/// Throws UserError if `folder` exists and is not empty: asked before minutes of measuring.
void check_profile_output(const std::filesystem::path& folder);

/// Writes a profile up as a folder: a page, the numbers as JSON and
/// CSV, and the drawings (report/profile_page.h). The folder appears whole or not at all; one that
/// exists and is not empty is a UserError, as above.
void write_profile_output(const messages::ProfileAnswer& profile,
                          const std::filesystem::path& folder);

}  // namespace vitlab::cli
