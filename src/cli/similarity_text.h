#pragma once

#include <cstddef>
#include <string>

#include "messages/similarity_answer.h"

namespace vitlab::cli {

/// What the measures of similarity are, for help.
std::string measures_text();

/// The result of `vitlab similarity` as tables: similarity of heads, what each layer's rows look
/// at, ablation, and notes; only what the result holds.
std::string similarity_text(const messages::SimilarityAnswer& result, std::size_t width);

}  // namespace vitlab::cli
