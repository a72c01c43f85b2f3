#pragma once

#include <vector>

#include "core/json.h"
#include "profile/own_candidate.h"
#include "spec/model_spec.h"

namespace vitlab {

/// A model that can be timed under many protocols.
struct ModelToTime {
  ModelSpec spec;
  std::shared_ptr<ModelForms> forms;
  bool is_untrained = false;
};

/// `weights`: a file in `layout`; empty: the starting weights of seed 0.
ModelToTime model_to_time(const std::string& name, const ModelSpec& spec,
                          const std::string& weights = "", const std::string& layout = "vitlab");

/// The model under a protocol of any runtime. ONNX and TorchScript files are written to a temporary
/// folder that is gone once they are open, and what they compute is held against vitlab's executor.
/// Throws UserError for runtime pt2, which vitlab does not write.
Candidate model_candidate(const ModelToTime& model, const Protocol& protocol);

/// A file as it is: .onnx, .pt (TorchScript) or .pt2. `image_size` 0: what the file says.
Candidate file_candidate(const std::string& name, const std::string& path, Index image_size,
                         const Protocol& protocol);

/// The candidates of a measure request: {"name", "spec", "weights", "layout"} or {"name", "file",
/// "image_size"}, each with "protocol" or under the request's.
std::vector<Candidate> requested_candidates(const Json& request);

}  // namespace vitlab
