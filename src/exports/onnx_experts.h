#pragma once

#include <string>

#include "exports/onnx_builder.h"
#include "graph/op.h"

namespace vitlab::exports {

// A mixture of experts in ONNX's standard ops, as V-MoE's own code writes it: routes are a matrix
// (N, E, capacity, T) that is 1 where a slot serves a token. Each gives back the name of its value;
// `name` is the node's.

std::string onnx_route(OnnxBuilder& onnx, const std::string& name, const std::string& gates,
                       const graph::Shape& gates_shape, const graph::Route& op);
std::string onnx_dispatch(OnnxBuilder& onnx, const std::string& name, const std::string& tokens,
                          const graph::Shape& tokens_shape, const std::string& routes);
/// `weight` (E, in, out) and `bias` (E, 1, out) are initialisers.
std::string onnx_expert_linear(OnnxBuilder& onnx, const std::string& name, const std::string& slots,
                               const std::string& weight, const std::string& bias);
std::string onnx_combine(OnnxBuilder& onnx, const std::string& name, const std::string& slots,
                         const std::string& gates, const graph::Shape& gates_shape,
                         const std::string& routes);

}  // namespace vitlab::exports
