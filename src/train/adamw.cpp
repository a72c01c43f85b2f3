#include "train/adamw.h"

#include <utility>

#include <ATen/core/grad_mode.h>

#include "core/error.h"

namespace vitlab::train {

namespace {

constexpr double kFirstBeta = 0.9, kSecondBeta = 0.999, kEpsilon = 1e-8;

void clip(std::vector<at::Tensor>& gradients, double largest) {
  if (gradients.empty()) return;
  const at::Tensor norm = at::stack(at::_foreach_norm(gradients)).norm();
  at::_foreach_mul_(gradients, at::clamp_max(largest / (norm + 1e-6), 1));
}

}  // namespace

AdamW::AdamW(const graph::Graph& graph, const model::Weights& weights, double weight_decay)
    : weight_decay_(weight_decay) {
  for (const graph::ParameterId i : graph.parameters.ids()) {
    const graph::Parameter& parameter = graph.parameters[i];
    decays_.push_back(parameter.decays);
    const at::Tensor zeros = parameter.trained ? at::zeros_like(weights[i].detach()) : at::Tensor();
    first_.tensors.push_back(zeros);
    second_.tensors.push_back(zeros.defined() ? zeros.clone() : zeros);
  }
}

void AdamW::step(const model::Weights& weights, double learning_rate, double clip_norm) {
  const at::NoGradGuard no_gradients;
  ++steps_;
  std::vector<at::Tensor> gradients;
  Group groups[2];
  for (std::size_t i = 0; i < weights.tensors.size(); ++i) {
    const at::Tensor& weight = weights.tensors[i];
    if (!first_.tensors[i].defined() || !weight.grad().defined()) continue;
    Group& group = groups[decays_[i] ? 1 : 0];
    group.weights.push_back(weight);
    group.gradients.push_back(gradients.emplace_back(weight.grad()));
    group.first.push_back(first_.tensors[i]);
    group.second.push_back(second_.tensors[i]);
    // Let go, not zeroed: the next backward pass then hands its tensor over instead of adding.
    weight.mutable_grad().reset();
  }
  if (clip_norm > 0) clip(gradients, clip_norm);
  update(groups[0], learning_rate, 0);
  update(groups[1], learning_rate, weight_decay_);
}

void AdamW::update(Group& group, double learning_rate, double decay) const {
  if (group.weights.empty()) return;
  const at::Tensor step =
      at::full({}, static_cast<double>(steps_), group.weights[0].options().dtype(at::kFloat));
  const std::vector<at::Tensor> steps(group.weights.size(), step);
  at::_fused_adamw_(group.weights, group.gradients, group.first, group.second, {}, steps,
                    learning_rate, kFirstBeta, kSecondBeta, decay, kEpsilon, false, false);
}

void AdamW::restore(model::Weights first, model::Weights second, graph::Index steps) {
  core::ensure(first.tensors.size() == decays_.size() && second.tensors.size() == decays_.size(),
               "moments belong to the same graph");
  first_ = std::move(first);
  second_ = std::move(second);
  steps_ = steps;
}

}  // namespace vitlab::train
