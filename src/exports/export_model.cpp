#include "exports/export_model.h"

#include <utility>

#include "graph/fold.h"

namespace vitlab::exports {

DeployedModel deployed(const ExportModel& model) {
  graph::Rewrite folded = graph::fold(model.graph);
  model::Weights weights = model::rewrite_weights(folded, model.weights);
  return {std::move(folded.graph), std::move(weights)};
}

}  // namespace vitlab::exports
