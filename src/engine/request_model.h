#pragma once

#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "core/json.h"
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
};

/// Builds the model, with the threads of the request from here on.
LoadedModel load_model(const messages::RunnableModel& request);

/// Says on stderr which position tables were interpolated for the model's image size, if any.
void tell_resized(const std::vector<std::string>& resized);

}  // namespace vitlab::engine
