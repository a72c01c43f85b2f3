#pragma once

#include <filesystem>

#include "core/json.h"

namespace vitlab {

/// Writes the document of `vitlab similarity` into a folder: similarity.json, similarity.csv, a
/// drawing for each layer's pairs of heads, one of all layers by depth, and index.html, which shows
/// them beside the attention maps that the engine drew there.
void write_similarity_output(const Json& document, const std::filesystem::path& folder);

}  // namespace vitlab
