#include <optional>

#include "model/op_constants.h"
#include "model/run_op.h"
#include "model/weights.h"

namespace vitlab::model {

namespace {

/// Sources of one recipe in float64; scale() is what a folded batch norm multiplies with.
class RecipeSources {
 public:
  RecipeSources(const graph::WeightRecipe& recipe, const Weights& weights)
      : epsilon_(recipe.epsilon) {
    for (const graph::ParameterId id : recipe.sources)
      tensors_.push_back(weights[id].detach().to(at::kDouble));
  }
  const std::vector<at::Tensor>& tensors() const { return tensors_; }
  std::size_t count() const { return tensors_.size(); }
  const at::Tensor& operator[](std::size_t i) const { return tensors_[i]; }
  at::Tensor scale(std::size_t weight, std::size_t variance) const {
    return tensors_[weight] / (tensors_[variance] + epsilon_).sqrt();
  }

 private:
  double epsilon_;
  std::vector<at::Tensor> tensors_;
};

/// Runs the nodes that make a value without images.
at::Tensor constant_value(const graph::Graph& graph, const RecipeSources& from, at::Device device) {
  Weights weights{from.tensors()};
  // A mask has no weights, but its dtype is that of the model's.
  if (weights.tensors.empty())
    weights.tensors.push_back(at::zeros({}, at::dtype(at::kDouble).device(device)));
  const at::Tensor no_mask;
  core::IdVector<graph::ValueId, at::Tensor> values(graph.values.size());
  for (const graph::Node& node : graph.nodes) {
    at::Tensor constant = op_constant(node.op);
    if (constant.defined()) constant = constant.to(device);
    OpCall call{graph, node, weights, {}, 1, false, constant, no_mask, std::nullopt};
    for (const graph::ValueId x : node.inputs) call.inputs.push_back(values[x]);
    values[node.output] = run_op(call);
  }
  return values[graph.outputs.front().value].clone();
}

at::Tensor cook(const graph::WeightRecipe& recipe, const Weights& weights) {
  const RecipeSources from(recipe, weights);
  switch (recipe.kind) {
    case graph::WeightRecipe::Kind::kCopy:
      return from[0].clone();
    case graph::WeightRecipe::Kind::kFoldedConvWeight:
      return from[0] * from.scale(1, 2).view({-1, 1, 1, 1});
    case graph::WeightRecipe::Kind::kFoldedConvBias: {
      const at::Tensor shift = from.count() > 4 ? from[4] - from[2] : -from[2];
      return from[1] + shift * from.scale(0, 3);
    }
    case graph::WeightRecipe::Kind::kFoldedLinearWeight:
      return from[0] * from.scale(1, 2);
    case graph::WeightRecipe::Kind::kFoldedLinearBias: {
      const at::Tensor bias = at::mv(from[0], from[2] - from[3] * from.scale(1, 4));
      return from.count() > 5 ? bias + from[5] : bias;
    }
    case graph::WeightRecipe::Kind::kConstant:
      return constant_value(recipe.constant, from, weights.tensors.front().device());
  }
  return {};
}

}  // namespace

Weights rewrite_weights(const graph::Rewrite& rewrite, const Weights& weights) {
  Weights result;
  for (const graph::WeightRecipe& recipe : rewrite.recipes) {
    at::Tensor made = cook(recipe, weights);
    for (const graph::ScaledRows& rows : recipe.scaled)
      made.narrow(0, rows.begin, rows.size).mul_(rows.factor);
    result.tensors.push_back(made.to(weights.tensors.front().scalar_type()));
  }
  return result;
}

}  // namespace vitlab::model
