#include "interop/timm_models.h"

#include <cmath>
#include <limits>

#include "architecture/presets.h"
#include "interop/layer_places.h"

namespace vitlab::interop {

namespace {

/// The attention that all of a stage share, or nullptr in a stage without blocks.
template <typename Kind>
const Kind* first_of(const architecture::Stage& stage) {
  for (const layers::Layer& layer : stage.layers)
    if (const auto* found = std::get_if<Kind>(&layer)) return found;
  return nullptr;
}

template <typename Kind>
graph::Index count_of(const architecture::Stage& stage) {
  graph::Index count = 0;
  for (const layers::Layer& layer : stage.layers)
    count += std::holds_alternative<Kind>(layer) ? 1 : 0;
  return count;
}

}  // namespace

double timm_ratio(graph::Index hidden, graph::Index width) {
  double ratio = static_cast<double>(hidden) / static_cast<double>(width);
  while (static_cast<graph::Index>(static_cast<double>(width) * ratio) < hidden)
    ratio = std::nextafter(ratio, std::numeric_limits<double>::infinity());
  return ratio;
}

TimmModel efficientvit_timm_model(const architecture::ModelSpec& spec) {
  core::Json widths = core::Json::array(), keys = core::Json::array(), depths = core::Json::array(),
             heads = core::Json::array(), windows = core::Json::array(),
             kernels = core::Json::array(), steps = core::Json::array();
  for (std::size_t i = 0; i < spec.stages.size(); ++i) {
    const architecture::Stage& stage = spec.stages[i];
    // A stage without blocks makes no attention: any arguments do.
    const auto* attention = first_of<layers::CascadedAttention>(stage);
    widths.push_back(stage.width);
    depths.push_back(count_of<layers::CascadedAttention>(stage));
    keys.push_back(attention != nullptr ? attention->qk[0] : 1);
    heads.push_back(attention != nullptr ? attention->head_count() : 1);
    windows.push_back(attention != nullptr ? attention->window : 1);
    steps.push_back(i == 0 ? core::Json::array({"", 1}) : core::Json::array({"subsample", 2}));
    if (attention != nullptr && attention->kernels.size() > kernels.size())
      kernels = attention->kernels;
  }
  TimmModel model;
  model.architecture = "efficientvit_m0";
  model.arguments = {{"embed_dim", widths}, {"depth", depths},        {"num_heads", heads},
                     {"key_dim", keys},     {"window_size", windows}, {"kernels", kernels},
                     {"down_ops", steps},   {"global_pool", "avg"}};
  model.features = spec.stages.back().width;
  model.global_pool = "avg";
  model.first_conv = "patch_embed.conv1.conv";
  model.classifier = "head.linear";
  return model;
}

TimmModel vit_timm_model(const architecture::ModelSpec& spec) {
  const architecture::Stage& stage = spec.stages.front();
  const auto& stem = std::get<layers::PatchStem>(spec.stem);
  const auto* attention = first_of<layers::TokenAttention>(stage);
  const auto* ffn = first_of<layers::TokenFfn>(stage);
  TimmModel model;
  const bool distilled = stem.class_tokens == 2;
  model.architecture = distilled ? "deit_tiny_distilled_patch16_224" : "deit_tiny_patch16_224";
  model.arguments = {{"patch_size", stem.size},
                     {"embed_dim", stage.width},
                     {"depth", count_of<layers::TokenAttention>(stage)},
                     {"num_heads", attention != nullptr ? attention->heads : 1},
                     {"mlp_ratio", ffn != nullptr ? timm_ratio(ffn->hidden, stage.width) : 4.0},
                     {"qkv_bias", attention == nullptr || attention->qkv_bias},
                     {"global_pool", "token"}};
  model.features = stage.width;
  model.global_pool = "token";
  model.first_conv = "patch_embed.proj";
  model.classifier = distilled ? core::Json{"head", "head_dist"} : core::Json("head");
  return model;
}

TimmModel swin_timm_model(const architecture::ModelSpec& spec) {
  core::Json depths = core::Json::array(), heads = core::Json::array(), sizes = core::Json::array(),
             windows = core::Json::array(), ratios = core::Json::array(),
             unknown = core::Json::array();
  bool is_second = false, qkv_bias = true;
  for (const architecture::Stage& stage : spec.stages) {
    const auto add = [&](const auto& attention) {
      heads.push_back(attention.heads);
      sizes.push_back(attention.qk[0]);
      windows.push_back({attention.window, attention.window});
      qkv_bias = attention.qkv_bias;
    };
    if (const auto* cosine = first_of<layers::CosineAttention>(stage)) {
      is_second = true;
      add(*cosine);
    } else if (const auto* shifted = first_of<layers::ShiftedAttention>(stage)) {
      add(*shifted);
    }
    depths.push_back(count_of<layers::TokenFfn>(stage));
    ratios.push_back(timm_ratio(first_of<layers::TokenFfn>(stage)->hidden, stage.width));
    unknown.push_back(0);
  }
  TimmModel model;
  model.architecture = is_second ? "swinv2_tiny_window8_256" : "swin_tiny_patch4_window7_224";
  model.arguments = {{"patch_size", std::get<layers::PatchMapStem>(spec.stem).size},
                     {"embed_dim", spec.stages.front().width},
                     {"depths", depths},
                     {"num_heads", heads},
                     {"window_size", windows},
                     {"qkv_bias", qkv_bias},
                     {"global_pool", "avg"}};
  if (is_second) {
    model.arguments["mlp_ratio"] = ratios.front();
    model.arguments["pretrained_window_sizes"] = unknown;
  } else {
    model.arguments["mlp_ratio"] = ratios;
    model.arguments["head_dim"] = sizes;
  }
  model.features = spec.stages.back().width;
  model.global_pool = "avg";
  model.first_conv = "patch_embed.proj";
  model.classifier = "head.fc";
  return model;
}

TimmModel cnn_timm_model(const architecture::ModelSpec& spec) {
  struct Published {
    const char *preset, *first_conv, *classifier;
  };
  constexpr Published kPublished[] = {
      {"mobilenetv2_100", "conv_stem", "classifier"},
      {"mobilenetv3_large_100", "conv_stem", "classifier"},
      {"mobilenetv3_small_100", "conv_stem", "classifier"},
      {"efficientnet_b0", "conv_stem", "classifier"},
      {"mobilevit_xxs", "stem.conv", "head.fc"},
      {"mobilevit_xs", "stem.conv", "head.fc"},
  };
  auto head = std::get<layers::ConvolutionHead>(spec.heads.front());
  std::string names;
  for (const auto& [preset, first_conv, classifier] : kPublished) {
    names += (names.empty() ? "" : ", ") + std::string(preset);
    const architecture::ModelSpec published = architecture::resolve_model(preset).spec;
    head.classes = std::get<layers::ConvolutionHead>(published.heads.front()).classes;
    if (spec.stem != published.stem || spec.stages != published.stages ||
        layers::Layer{head} != published.heads.front())
      continue;
    TimmModel model;
    model.architecture = preset;
    model.features = head.hidden > 0 ? head.hidden : head.features;
    model.global_pool = "avg";
    model.first_conv = first_conv;
    model.classifier = classifier;
    model.fixed_input_size = false;
    return model;
  }
  refuse_layout(WeightLayout::kTimm, "stages",
                "have other sizes than those that timm's functions make (" + names + ")");
}

}  // namespace vitlab::interop
