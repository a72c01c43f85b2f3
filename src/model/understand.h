#pragma once

#include <optional>
#include <string>
#include <vector>

#include "interop/name_map.h"
#include "model/weight_files.h"

namespace vitlab::model {

/// What was made of a file of weights.
struct UnderstoodWeights {
  Weights weights;
  interop::WeightLayout layout = interop::WeightLayout::kVitlab;
  std::vector<std::string> notes;    // sentences: what was left out of names, the layout found
  std::vector<std::string> resized;  // tensors that were made for another image size
  architecture::TrainedOn trained_on;
};

/// The weights of `graph` (built from `spec`) in a file of the layout named or, if none is, of the
/// one that fits. A prefix that all names share (of DataParallel, torch.compile, Lightning) is left
/// out, and with it what does not begin so. Throws UserError that says in a sentence what else the
/// file is: of another layout, with folded batch norms, of another model; else names what is
/// missing, extra and misshapen.
UnderstoodWeights understand(TensorFile file, const architecture::ModelSpec& spec,
                             const graph::Graph& graph, std::optional<interop::WeightLayout> layout,
                             at::ScalarType dtype = at::kFloat);

}  // namespace vitlab::model
