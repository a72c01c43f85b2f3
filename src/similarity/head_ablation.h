#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"
#include "model/executor.h"
#include "similarity/head_similarity.h"

namespace vitlab::similarity {

/// Takes away each head of each attention layer in turn, and all others of its layer in turn, by
/// making what it gives out zero (GatedHeads), on the settings' test images; two passes a head.
/// Throws UserError for a model without attention or a data set whose labels it has no class for.
messages::HeadAblations ablate_heads(const model::Executor& executor, const model::Weights& weights,
                                     const data::Dataset& dataset,
                                     const sweep::SimilaritySettings& settings,
                                     const SimilarityNotice& notice = {});

/// Whether the settings name gate_importance, which head_similarity leaves out: it needs labels.
bool wants_importance(const sweep::SimilaritySettings& settings);

/// Michel et al. 2019 (arXiv:1905.10650): the mean over images of |dLoss/dgate| of a gate on each
/// head's output, divided by its length over the layer's heads; 0 where the loss depends on none.
std::vector<std::vector<double>> gate_importance(const model::Executor& executor,
                                                 const model::Weights& weights,
                                                 const data::Dataset& dataset,
                                                 const sweep::SimilaritySettings& settings,
                                                 const SimilarityNotice& notice = {});

/// Puts it beside the other numbers of each head.
void add_importance(SimilarityResult& result, const std::vector<std::vector<double>>& importance);

}  // namespace vitlab::similarity
