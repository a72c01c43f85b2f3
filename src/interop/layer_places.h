#pragma once

#include <map>
#include <string>

#include "interop/name_map.h"

namespace vitlab::interop {

/// For each layer of a model, by its path, what its parameters' names start with in another code's
/// state dict ("stages.0.layers.1" -> "stages.0.blocks.0.ffn0.m.").
using LayerPlaces = std::map<std::string, std::string>;

/// The places of an EfficientViT; throws LayoutRefusal unless microsoft/Cream's and timm's
/// constructors, given some arguments, make exactly this model.
LayerPlaces efficientvit_places(const architecture::ModelSpec& spec, const graph::Graph& graph,
                                WeightLayout layout, NameUse use);
/// The same for timm's VisionTransformer with one class token, and its VisionTransformerDistilled.
LayerPlaces vit_places(const architecture::ModelSpec& spec, WeightLayout layout);
/// The same for timm's EfficientNet (MobileNetV2 too) and MobileNetV3.
LayerPlaces cnn_places(const architecture::ModelSpec& spec, WeightLayout layout);
/// The same for timm's MobileViT; is_mobilevit says whether a spec is one, if any.
LayerPlaces mobilevit_places(const architecture::ModelSpec& spec, WeightLayout layout);
bool is_mobilevit(const architecture::ModelSpec& spec);

/// The same for timm's and microsoft/Swin-Transformer's SwinTransformer and SwinTransformerV2.
LayerPlaces swin_places(const architecture::ModelSpec& spec, WeightLayout layout, NameUse use);

/// Throws the LayoutRefusal of a model that the layout cannot hold.
[[noreturn]] void refuse_layout(WeightLayout layout, const std::string& path,
                                const std::string& reason);

}  // namespace vitlab::interop
