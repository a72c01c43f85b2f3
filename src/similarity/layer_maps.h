#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "model/executor.h"
#include "similarity/head_similarity.h"
#include "similarity/image_source.h"

namespace vitlab::similarity {

/// Cosine of attention maps across layers (DeepViT, arXiv:2103.11886): of the columns of head h's
/// map in both layers, mean over heads, columns, windows and images. Only layers of equally many
/// heads, windows and tokens are comparable.
messages::LayerMap cross_layer_map(const model::Executor& executor, const model::Weights& weights,
                                   ImageSource& source, const SimilarityNotice& notice = {});

/// Linear CKA between what layers give out, from minibatches (Nguyen et al. 2020,
/// arXiv:2010.15327): sums over batches of the unbiased HSIC; batches of fewer than 4 images are
/// left out. Throws UserError where none is left.
messages::LayerMap layer_cka(const model::Executor& executor, const model::Weights& weights,
                             ImageSource& source, const SimilarityNotice& notice = {});

/// The unbiased HSIC estimator of two Gram matrices (n, n), n >= 4, whose diagonals do not count.
double unbiased_hsic(const at::Tensor& k, const at::Tensor& l);

}  // namespace vitlab::similarity
