#pragma once

#include <optional>
#include <string>
#include <vector>

#include "similarity/head_similarity.h"

namespace vitlab::similarity {

/// Compares layers of the same path, image by image. Throws UserError if no layer has a counterpart
/// or the two saw unlike numbers of images. Who the other is, is left to the caller.
messages::SimilarityComparison compare_similarity(const SimilarityResult& a,
                                                  const SimilarityResult& b, std::uint64_t seed);

}  // namespace vitlab::similarity
