#pragma once

#include <string>

#include "architecture/model_spec.h"
#include "architecture/preprocessing.h"
#include "graph/graph.h"
#include "model/weights.h"

namespace vitlab::exports {

/// What every format is written from: a model, its graph and its weights (on the CPU; float32 but
/// for the formats yaml and safetensors, which take any dtype).
struct ExportModel {
  std::string name;
  architecture::ModelSpec spec;
  graph::Graph graph;  // plain; a format that folds does so itself
  model::Weights weights;
  std::string origin;  // where the weights came from, in words
  architecture::TrainedOn trained_on;

  at::ScalarType dtype() const { return weights.tensors.front().scalar_type(); }
};

/// The deploy form of a model: its folded graph and the weights of that graph.
struct DeployedModel {
  graph::Graph graph;
  model::Weights weights;
};
DeployedModel deployed(const ExportModel& model);

}  // namespace vitlab::exports
