#include "export/export_model.h"

#include <utility>

#include "graph/fold.h"

namespace vitlab {

DeployedModel deployed(const ExportModel& model) {
  Rewrite folded = fold(model.graph);
  Weights weights = rewrite_weights(folded, model.weights);
  return {std::move(folded.graph), std::move(weights)};
}

}  // namespace vitlab
