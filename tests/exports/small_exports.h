#pragma once

#include <string>

#include "architecture/presets.h"
#include "exports/export_model.h"
#include "model/small_models.h"
#include "random_models.h"

namespace vitlab::exports {

/// A model with random weights in float32, ready to be exported.
inline ExportModel export_model(const architecture::ModelSpec& spec, std::uint64_t seed,
                                const std::string& name = "model") {
  graph::Graph graph = architecture::build_graph(spec);
  model::Weights weights = model::converted(model::random_weights(graph, seed), at::kFloat);
  return {name, spec, std::move(graph), std::move(weights), "random weights"};
}

/// An EfficientViT that timm can make, small enough for tests.
inline ExportModel small_efficientvit() {
  return export_model(architecture::resolve_model(
                          "efficientvit_m0",
                          {"image_size=64", "classes=5", "widths=[16, 24, 32]", "depths=[1, 1, 2]",
                           "heads=[2, 3, 4]", "qk_dim=4", "kernels=[3, 5, 7, 3]", "window=3"})
                          .spec,
                      1, "small_efficientvit");
}

}  // namespace vitlab::exports
