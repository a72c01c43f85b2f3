#pragma once

#include "core/json.h"
#include "graph/graph.h"
#include "spec/model_spec.h"

namespace vitlab {

/// The config.json that stands beside weights in timm's layout, from which
/// timm.create_model("local-dir:DIR", pretrained=True) builds the model (`graph` is built from
/// `spec`). Throws LayoutRefusal with the layer and the reason if timm's constructors cannot.
Json timm_config(const ModelSpec& spec, const Graph& graph);

}  // namespace vitlab
