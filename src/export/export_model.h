#pragma once

#include <string>

#include "graph/graph.h"
#include "model/weights.h"
#include "spec/model_spec.h"

namespace vitlab {

/// What every format is written from: a model, its graph and its weights (on the CPU; float32 but
/// for the formats yaml and safetensors, which take any dtype).
struct ExportModel {
  std::string name;
  ModelSpec spec;
  Graph graph;  // plain; a format that folds does so itself
  Weights weights;
  std::string origin;  // where the weights came from, in words

  at::ScalarType dtype() const { return weights.tensors.front().scalar_type(); }
};

/// The deploy form of a model: its folded graph and the weights of that graph.
struct DeployedModel {
  Graph graph;
  Weights weights;
};
DeployedModel deployed(const ExportModel& model);

}  // namespace vitlab
