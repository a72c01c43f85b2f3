#pragma once

#include "architecture/model_spec.h"
#include "core/json.h"
#include "graph/graph.h"

namespace vitlab::interop {

/// The config.json that stands beside weights in timm's layout, from which
/// timm.create_model("local-dir:DIR", pretrained=True) builds the model (`graph` is built from
/// `spec`). Throws LayoutRefusal with the layer and the reason if timm's constructors cannot.
core::Json timm_config(const architecture::ModelSpec& spec, const graph::Graph& graph);

}  // namespace vitlab::interop
