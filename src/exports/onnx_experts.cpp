#include "exports/onnx_experts.h"

namespace vitlab::exports {

namespace {

constexpr graph::Index kOnnxFloat = 1;  // TensorProto.DataType

std::string sum_over(OnnxBuilder& onnx, const std::string& name, const std::string& x,
                     graph::Index dim) {
  return onnx.add("ReduceSum", name, {x, onnx.integers({dim})}, {{"keepdims", graph::Index{0}}});
}

/// 1 where `x` equals `y`, else 0.
std::string matches(OnnxBuilder& onnx, const std::string& name, const std::string& x,
                    const std::string& y) {
  return onnx.add("Cast", name, {onnx.add("Equal", name + "/equal", {x, y})}, {{"to", kOnnxFloat}});
}

}  // namespace

std::string onnx_route(OnnxBuilder& onnx, const std::string& name, const std::string& gates,
                       const graph::Shape& gates_shape, const graph::Route& op) {
  const graph::Index tokens = gates_shape[1], experts = gates_shape[2];
  const std::string top = name + "/top";
  onnx.add_many("TopK", top, {gates, onnx.integers({op.top_k})}, {top + ".gates", top},
                {{"axis", graph::Index{-1}}});
  const std::string by_choice = onnx.transpose(name + "/by_choice", top, {0, 2, 1});
  const std::string asking = onnx.reshape(name + "/asking", by_choice, {-1, op.top_k * tokens, 1});
  const std::string numbers =
      onnx.tensor(name + "/experts", at::arange(experts, at::kLong).view({1, 1, experts}));
  const std::string asked = matches(onnx, name + "/asked", asking, numbers);
  const std::string first = onnx.tensor(name + "/axis", at::scalar_tensor(1, at::kLong));
  const std::string before = onnx.add("CumSum", name + "/before", {asked, first});
  // A token's place with an expert, from 1 on; 0 where it does not ask, which it does once at most.
  const std::string place = onnx.add("Mul", name + "/place", {before, asked});
  const std::string apart = onnx.reshape(name + "/apart", place, {-1, op.top_k, tokens, experts});
  const std::string by_token = sum_over(onnx, name + "/by_token", apart, 1);
  const std::string by_expert = onnx.transpose(name + "/by_expert", by_token, {0, 2, 1});
  const std::string row = onnx.reshape(name + "/row", by_expert, {-1, experts, 1, tokens});
  const std::string places = onnx.tensor(
      name + "/places", at::arange(1, op.capacity + 1, at::kFloat).view({1, 1, op.capacity, 1}));
  return matches(onnx, name, row, places);
}

std::string onnx_dispatch(OnnxBuilder& onnx, const std::string& name, const std::string& tokens,
                          const graph::Shape& tokens_shape, const std::string& routes) {
  const std::string all =
      onnx.reshape(name + "/all", tokens, {-1, 1, tokens_shape[1], tokens_shape[2]});
  return onnx.add("MatMul", name, {routes, all});
}

std::string onnx_expert_linear(OnnxBuilder& onnx, const std::string& name, const std::string& slots,
                               const std::string& weight, const std::string& bias) {
  return onnx.add("Add", name, {onnx.add("MatMul", name + "/product", {slots, weight}), bias});
}

std::string onnx_combine(OnnxBuilder& onnx, const std::string& name, const std::string& slots,
                         const std::string& gates, const graph::Shape& gates_shape,
                         const std::string& routes) {
  const std::string by_expert = onnx.transpose(name + "/by_expert", gates, {0, 2, 1});
  const std::string row =
      onnx.reshape(name + "/row", by_expert, {-1, gates_shape[2], 1, gates_shape[1]});
  const std::string weights = onnx.add("Mul", name + "/weights", {routes, row});
  const std::string back = onnx.transpose(name + "/back", weights, {0, 1, 3, 2});
  const std::string answers = onnx.add("MatMul", name + "/answers", {back, slots});
  return sum_over(onnx, name, answers, 1);
}

}  // namespace vitlab::exports
