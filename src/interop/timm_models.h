#pragma once

#include <string>

#include "architecture/model_spec.h"
#include "core/json.h"

namespace vitlab::interop {

/// How timm makes a model: the function of its registry, that function's arguments beside those
/// that all take (img_size, in_chans, num_classes), and what loading must know.
struct TimmModel {
  std::string architecture;
  core::Json arguments = core::Json::object();
  graph::Index features = 0;  // channels that the classifier reads
  std::string global_pool;
  std::string first_conv;
  core::Json classifier;  // a name, or a list of names
  bool fixed_input_size = true;
};

/// Of models that the walkers of layer_places.h accept.
TimmModel efficientvit_timm_model(const architecture::ModelSpec& spec);
TimmModel vit_timm_model(const architecture::ModelSpec& spec);
TimmModel swin_timm_model(const architecture::ModelSpec& spec);
/// MobileNets, EfficientNet and MobileViT: timm's functions make the published sizes only, so this
/// throws LayoutRefusal for others.
TimmModel cnn_timm_model(const architecture::ModelSpec& spec);

/// The ratio that timm turns into `hidden` by int(width * ratio).
double timm_ratio(graph::Index hidden, graph::Index width);

}  // namespace vitlab::interop
