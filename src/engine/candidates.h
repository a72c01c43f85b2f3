#pragma once

#include <vector>

#include "architecture/model_spec.h"
#include "core/json.h"
#include "profile/own_candidate.h"

namespace vitlab::engine {

/// A model that can be timed under many protocols.
struct ModelToTime {
  architecture::ModelSpec spec;
  std::shared_ptr<profile::ModelForms> forms;
  bool is_untrained = false;
};

/// `weights`: a file in `layout`; empty: the starting weights of seed 0.
ModelToTime model_to_time(const std::string& name, const architecture::ModelSpec& spec,
                          const std::string& weights = "", const std::string& layout = "vitlab");

/// The model under a protocol of any runtime. ONNX and TorchScript files are written to a temporary
/// folder that is gone once they are open, and what they compute is held against vitlab's executor.
/// Throws UserError for runtime pt2, which vitlab does not write.
profile::Candidate model_candidate(const ModelToTime& model, const sweep::Protocol& protocol);

/// A file as it is: .onnx, .pt (TorchScript) or .pt2. `image_size` 0: what the file says.
profile::Candidate file_candidate(const std::string& name, const std::string& path,
                                  graph::Index image_size, const sweep::Protocol& protocol);

/// The candidates of a measure request: {"name", "spec", "weights", "layout"} or {"name", "file",
/// "image_size"}, each with "protocol" or under the request's.
std::vector<profile::Candidate> requested_candidates(const core::Json& request);

}  // namespace vitlab::engine
