#pragma once

#include <vector>

#include "messages/requests.h"
#include "profile/own_candidate.h"

namespace vitlab::engine {

/// A model that can be timed under many protocols.
struct ModelToTime {
  architecture::ModelSpec spec;
  std::shared_ptr<profile::ModelForms> forms;
};

/// With the starting weights of seed 0.
ModelToTime model_to_time(const std::string& name, const architecture::ModelSpec& spec);

/// The model under a protocol of any runtime. ONNX and TorchScript files are written to a temporary
/// folder that is gone once they are open, and what they compute is held against vitlab's executor.
/// Throws UserError for runtime pt2, which vitlab does not write.
profile::Candidate model_candidate(const ModelToTime& model, const sweep::Protocol& protocol);

/// A file as it is: .onnx, .pt (TorchScript) or .pt2. `image_size` 0: what the file says.
profile::Candidate file_candidate(const std::string& name, const std::string& path,
                                  graph::Index image_size, const sweep::Protocol& protocol);

/// The candidates of a measure request; those of one model share its weights. Throws UserError for
/// one with neither a spec nor a file, or both.
std::vector<profile::Candidate> requested_candidates(
    const std::vector<messages::MeasureCandidate>& wanted);

}  // namespace vitlab::engine
