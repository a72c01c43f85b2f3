#pragma once

#include <string>

#include <ATen/ATen.h>

#include "core/json.h"
#include "model/executor.h"
#include "model/weights.h"
#include "spec/model_spec.h"

namespace vitlab {

/// A model ready to run as a request asks for it.
struct LoadedModel {
  Executor executor;
  Weights weights;
  at::ScalarType dtype = at::kFloat;
  std::string origin;  // where the weights came from, in words
};

/// Reads "weights" (a path; absent: initial weights of "seed"), "layout", "deploy", "dtype",
/// "device" and "threads" of a request.
LoadedModel load_requested_model(const Json& request, const ModelSpec& spec);

}  // namespace vitlab
