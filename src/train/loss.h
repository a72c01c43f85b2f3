#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/ATen.h>

#include "core/random.h"
#include "graph/shape.h"

namespace vitlab::train {

/// Float32 (N, classes): 1 - smoothing on the label and smoothing spread over all classes (Szegedy
/// et al., 2016).
at::Tensor soft_targets(std::span<const std::int64_t> labels, graph::Index classes,
                        double smoothing);

/// Blends a batch with itself in reverse order, images and targets alike, by one share drawn from
/// Beta(alpha, alpha) (Zhang et al., mixup, 2018, batch-wise as timm does it). Returns the share
/// that each image keeps of itself.
double mix_up(at::Tensor& images, at::Tensor& targets, double alpha, core::Random& random);

/// Mean over images of -sum t log softmax(logits); the scalar that training descends.
at::Tensor soft_cross_entropy(const at::Tensor& logits, const at::Tensor& targets);

/// The mean of several heads' losses.
at::Tensor mean_loss(const std::vector<at::Tensor>& outputs, const at::Tensor& targets);

}  // namespace vitlab::train
