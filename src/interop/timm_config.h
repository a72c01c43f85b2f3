#pragma once

#include "architecture/model_spec.h"
#include "architecture/preprocessing.h"
#include "core/json.h"
#include "graph/graph.h"

namespace vitlab::interop {

/// The config.json that stands beside weights in timm's layout, from which
/// timm.create_model("local-dir:DIR", pretrained=True) builds the model (`graph` is built from
/// `spec`). What is not known of the training images is left out; timm then takes ImageNet's.
/// Throws LayoutRefusal with the layer and the reason if timm's constructors cannot.
core::Json timm_config(const architecture::ModelSpec& spec, const graph::Graph& graph,
                       const architecture::TrainedOn& trained_on = {});

}  // namespace vitlab::interop
