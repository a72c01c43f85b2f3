#pragma once

#include <ATen/ATen.h>

#include "graph/op.h"

namespace vitlab::model {

/// The ops of a mixture of experts (graph/op.h) on tensors. Routes are int64 (N, E, capacity).
at::Tensor routed(const graph::Route& op, const at::Tensor& gates);
at::Tensor dispatched(const at::Tensor& tokens, const at::Tensor& routes);
at::Tensor by_expert(const at::Tensor& slots, const at::Tensor& weight, const at::Tensor& bias);
at::Tensor combined(const at::Tensor& slots, const at::Tensor& gates, const at::Tensor& routes);

}  // namespace vitlab::model
