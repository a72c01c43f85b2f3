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
  Checkpoint checkpoint{state(), {}};
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
  set_state(checkpoint->state);
  weights_ = placed(named(graph, checkpoint->tensors, kWeights));
  if (best_epoch_ > 0) best_ = placed(named(graph, checkpoint->tensors, kBest));
  optimiser_.restore(placed(named(graph, checkpoint->tensors, kFirst)),
                     placed(named(graph, checkpoint->tensors, kSecond)),
                     checkpoint->state.at("steps").get<graph::Index>());
}

core::Json Training::state() const {
  return {{"steps", optimiser_.steps()},
          {"best_epoch", best_epoch_},
          {"seconds", core::json_number(seconds())},
          {"epoch_loss_sum", core::json_number(sums_.loss)},
          {"epoch_correct", sums_.correct},
          {"epoch_images", sums_.images},
          {"epoch_batches", sums_.batches},
          {"epoch_seconds", core::json_number(sums_.seconds)},
          {"epochs", epochs_json(epochs_)}};
}

void Training::set_state(const core::Json& state) {
  best_epoch_ = state.at("best_epoch").get<graph::Index>();
  earlier_seconds_ = core::number_from_json(state.at("seconds"), "seconds");
  sums_.loss = core::number_from_json(state.at("epoch_loss_sum"), "epoch_loss_sum");
  sums_.correct = state.at("epoch_correct").get<graph::Index>();
  sums_.images = state.at("epoch_images").get<graph::Index>();
  sums_.batches = state.at("epoch_batches").get<graph::Index>();
  sums_.seconds = core::number_from_json(state.at("epoch_seconds"), "epoch_seconds");
  epochs_ = epochs_from_json(state.at("epochs"));
}

}  // namespace vitlab::train
