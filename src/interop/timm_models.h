#pragma once

#include <string>

#include "core/json.h"
#include "spec/model_spec.h"

namespace vitlab {

/// How timm makes a model: the function of its registry, that function's arguments beside those
/// that all take (img_size, in_chans, num_classes), and what loading must know.
struct TimmModel {
  std::string architecture;
  Json arguments = Json::object();
  Index features = 0;  // channels that the classifier reads
  std::string global_pool;
  std::string first_conv;
  Json classifier;  // a name, or a list of names
  bool fixed_input_size = true;
};

/// Of models that the walkers of layer_places.h accept.
TimmModel efficientvit_timm_model(const ModelSpec& spec);
TimmModel vit_timm_model(const ModelSpec& spec);
TimmModel swin_timm_model(const ModelSpec& spec);
/// MobileNets, EfficientNet and MobileViT: timm's functions make the published sizes only, so this
/// throws LayoutRefusal for others.
TimmModel cnn_timm_model(const ModelSpec& spec);

/// The ratio that timm turns into `hidden` by int(width * ratio).
double timm_ratio(Index hidden, Index width);

}  // namespace vitlab
