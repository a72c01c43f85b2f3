#pragma once

#include <filesystem>

#include "messages/similarity_answer.h"

namespace vitlab::cli {

/// Writes similarity.json and the page of `vitlab similarity` (report/similarity_page.h) into the
/// folder where the engine drew the attention maps that it names.
void write_similarity_output(const messages::SimilarityAnswer& answer,
                             const std::filesystem::path& folder);

}  // namespace vitlab::cli
