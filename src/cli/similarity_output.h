#pragma once

#include <filesystem>

#include "core/json.h"

namespace vitlab::cli {

/// Writes the document of `vitlab similarity` (report/similarity_page.h) into the folder where the
/// engine drew the attention maps that it names.
void write_similarity_output(const core::Json& document, const std::filesystem::path& folder);

}  // namespace vitlab::cli
