#pragma once

#include <vector>

#include <ATen/ATen.h>

namespace vitlab::model {

/// What a model with several heads answers: the mean of its outputs, all (N, classes), as DeiT's
/// distilled models do in evaluation; the only output as it is.
at::Tensor mean_logits(const std::vector<at::Tensor>& outputs);

}  // namespace vitlab::model
