#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "core/json.h"
#include "data/dataset.h"
#include "messages/requests.h"
#include "model/executor.h"
#include "model/weights.h"

namespace vitlab::engine {

/// A model ready to run as a request asks for it.
struct LoadedModel {
  model::Executor executor;
  model::Weights weights;
  at::ScalarType dtype = at::kFloat;
  std::string origin;                // where the weights came from, in words
  std::vector<std::string> resized;  // tensors of the file that were made for another image size
  architecture::TrainedOn trained_on;
};

/// Opens a data set for a model: its images are prepared as the weights want them (or, where they
/// do not know, as the data set says), and its classes are those that the weights know.
std::unique_ptr<data::Dataset> open_dataset_for(const LoadedModel& model, const std::string& data,
                                                const data::OpenOptions& options = {});

/// Builds the model, with the threads of the request from here on.
LoadedModel load_model(const messages::RunnableModel& request);

/// Says on stderr how a file of weights was read, a line each.
void tell_notes(const std::vector<std::string>& notes);
/// Says on stderr which position tables were interpolated for the model's image size, if any.
void tell_resized(const std::vector<std::string>& resized);

}  // namespace vitlab::engine
