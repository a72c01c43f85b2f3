#include <map>
#include <utility>

#include "core/error.h"
#include "train/training.h"

namespace vitlab::train {

namespace {

constexpr const char* kWeights = "weights.";
constexpr const char* kBest = "best.";
constexpr const char* kFirst = "first_moment.";
constexpr const char* kSecond = "second_moment.";

void add_named(const graph::Graph& graph, const model::Weights& weights, const char* prefix,
               std::vector<model::NamedTensor>& tensors) {
  for (const model::NamedTensor& named : model::named_weights(graph, weights))
    if (named.tensor.defined()) tensors.push_back({prefix + named.name, named.tensor});
}

/// The tensors under one prefix; undefined where there is none (moments of running statistics).
model::Weights named(const graph::Graph& graph, const std::vector<model::NamedTensor>& tensors,
                     const char* prefix) {
  std::map<std::string, at::Tensor> by_name;
  for (const model::NamedTensor& entry : tensors) by_name[entry.name] = entry.tensor;
  model::Weights weights;
  for (const graph::ParameterId i : graph.parameters.ids())
    weights.tensors.push_back(by_name[prefix + graph.parameter_name(i)]);
  return weights;
}

}  // namespace

void Training::save() {
  const graph::Graph& graph = executor_.graph();
  Checkpoint checkpoint{core::to_json(state()), {}};
  add_named(graph, weights_, kWeights, checkpoint.tensors);
  add_named(graph, optimiser_.first_moments(), kFirst, checkpoint.tensors);
  add_named(graph, optimiser_.second_moments(), kSecond, checkpoint.tensors);
  if (best_epoch_ > 0) add_named(graph, best_, kBest, checkpoint.tensors);
  checkpoints_->write(optimiser_.steps(), checkpoint);
  last_save_ = Clock::now();
}

void Training::resume() {
  const std::optional<Checkpoint> checkpoint = checkpoints_->newest(notes_);
  if (!checkpoint) return;
  const graph::Graph& graph = executor_.graph();
  const auto state = core::from_json<TrainingState>(checkpoint->state, "the checkpoint's state");
  set_state(state);
  weights_ = placed(named(graph, checkpoint->tensors, kWeights));
  if (best_epoch_ > 0) best_ = placed(named(graph, checkpoint->tensors, kBest));
  optimiser_.restore(placed(named(graph, checkpoint->tensors, kFirst)),
                     placed(named(graph, checkpoint->tensors, kSecond)), state.steps);
}

TrainingState Training::state() const {
  return {sums_, optimiser_.steps(), best_epoch_, seconds(), epochs_};
}

void Training::set_state(const TrainingState& state) {
  sums_ = state;
  best_epoch_ = state.best_epoch;
  earlier_seconds_ = state.total_seconds;
  epochs_ = state.epochs;
}

}  // namespace vitlab::train
