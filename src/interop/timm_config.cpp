#include "interop/timm_config.h"

#include "architecture/presets.h"
#include "interop/name_map.h"
#include "interop/timm_models.h"

namespace vitlab::interop {

namespace {

TimmModel timm_model(const architecture::ModelSpec& spec) {
  if (std::holds_alternative<layers::PatchStem>(spec.stem)) return vit_timm_model(spec);
  if (std::holds_alternative<layers::PatchMapStem>(spec.stem)) return swin_timm_model(spec);
  if (std::holds_alternative<layers::SingleConvolutionStem>(spec.stem)) return cnn_timm_model(spec);
  return efficientvit_timm_model(spec);
}

/// Presets under the names that timm gives them.
struct TimmPreset {
  const char* preset;
  const char* architecture;
};
constexpr TimmPreset kTimmPresets[] = {
    {"efficientvit_m0", "efficientvit_m0"},
    {"efficientvit_m1", "efficientvit_m1"},
    {"efficientvit_m2", "efficientvit_m2"},
    {"efficientvit_m3", "efficientvit_m3"},
    {"efficientvit_m4", "efficientvit_m4"},
    {"efficientvit_m5", "efficientvit_m5"},
    {"deit_tiny", "deit_tiny_patch16_224"},
    {"deit_small", "deit_small_patch16_224"},
    {"deit_tiny_distilled", "deit_tiny_distilled_patch16_224"},
    {"deit_small_distilled", "deit_small_distilled_patch16_224"},
    {"swin_tiny", "swin_tiny_patch4_window7_224"},
    {"swinv2_tiny", "swinv2_tiny_window8_256"},
};

/// timm's name of a model with a preset's sizes, whatever its images and classes; else `model`'s
/// own, whose function makes any sizes.
std::string architecture_of(const TimmModel& model) {
  for (const TimmPreset& row : kTimmPresets) {
    const TimmModel preset = timm_model(architecture::resolve_model(row.preset).spec);
    if (preset.architecture == model.architecture && preset.arguments == model.arguments)
      return row.architecture;
  }
  return model.architecture;
}

}  // namespace

core::Json timm_config(const architecture::ModelSpec& spec, const graph::Graph& graph,
                       const architecture::TrainedOn& trained_on) {
  name_map(spec, graph, WeightLayout::kTimm);  // refuses what timm's state dicts cannot hold
  const TimmModel model = timm_model(spec);
  const architecture::ImageShape& image = spec.image;
  const graph::Index classes = layers::class_count(spec.heads.front()).value_or(0);
  core::Json config = core::Json::object();
  config["architecture"] = architecture_of(model);
  config["num_classes"] = classes;
  config["num_features"] = model.features;
  config["global_pool"] = model.global_pool;
  core::Json arguments = model.arguments;
  if (model.fixed_input_size) arguments["img_size"] = {image.height, image.width};
  arguments["in_chans"] = image.channels;
  arguments["num_classes"] = classes;
  config["model_args"] = std::move(arguments);
  core::Json source = core::Json::object();
  source["tag"] = "vitlab";
  source["custom_load"] = false;
  source["input_size"] = {image.channels, image.height, image.width};
  source["fixed_input_size"] = model.fixed_input_size;
  if (const auto& how = trained_on.preprocessing) {
    source["interpolation"] = core::word_of(how->interpolation);
    source["crop_pct"] = how->crop_fraction;
    source["crop_mode"] = core::word_of(how->crop_mode);
    source["mean"] = how->mean;
    source["std"] = how->deviation;
  }
  source["num_classes"] = classes;
  source["first_conv"] = model.first_conv;
  source["classifier"] = model.classifier;
  if (!trained_on.class_names.empty()) source["label_names"] = trained_on.class_names;
  config["pretrained_cfg"] = std::move(source);
  return config;
}

}  // namespace vitlab::interop
