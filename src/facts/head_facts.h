#pragma once

#include <optional>
#include <vector>

#include "messages/similarity_answer.h"

namespace vitlab::facts {

// What follows from how alike the heads of a model are.

/// The mean cosine of a head's map with those of the layer's others; none if it is not known.
std::optional<double> resemblance(const messages::LayerHeads& layer, std::size_t head);

/// What each head of a layer is worth: how much the loss rises without it, or gate importance.
/// Empty unless every head has a number: a worth without its head would stand at another one.
std::vector<double> worth_of_heads(const messages::HeadSimilarity& similarity,
                                   const messages::LayerHeads& layer, bool by_ablation);

/// Whether the loss without each head of every layer is known.
bool has_ablation(const messages::HeadSimilarity& similarity);

}  // namespace vitlab::facts
