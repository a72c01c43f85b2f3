#include <algorithm>
#include <cmath>

#include "architecture/templates.h"

namespace vitlab::architecture {

namespace {

constexpr graph::Index kEverySecond = -1;  // expert_layers: all FFN layers that may have experts

/// The knobs of `template: vit`; the initialisers are DeiT-tiny's.
struct VitKnobs {
  std::vector<graph::Index> image_size{224};
  graph::Index channels = 3;
  graph::Index classes = 1000;
  graph::Index patch = 16;
  graph::Index width = 192;
  graph::Index depth = 12;
  double width_scale = 1;
  graph::Index heads = 3;
  graph::Index qk_dim = 0;  // 0: width / heads
  double v_ratio = 1.0;
  double ffn_ratio = 4.0;
  double mhsa_share = 0.5;
  Placement placement = Placement::kUniform;
  graph::Activation activation = graph::Activation::kGelu;
  bool distilled = false;
  bool head_split = false;
  graph::Index experts = 0;
  graph::Index expert_layers = kEverySecond;
  graph::Index top_k = 2;
  double capacity = 1.05;

  graph::Index scaled_width() const {
    return architecture::scaled_width(width, width_scale, heads);
  }
  static graph::Index split(const VitKnobs& k) {
    return k.heads < 1 ? 0 : k.scaled_width() / k.heads;
  }

  static constexpr auto fields() {
    using K = VitKnobs;
    return std::tuple{
        knob("image_size", &K::image_size, kImageSizeRule, kImageSizeMeaning),
        knob("channels", &K::channels, within(1, 1024), "image channels"),
        knob("classes", &K::classes, kClassesRule, "outputs of the classifier"),
        knob("patch", &K::patch, within(1, 1024), "side of a patch").in("pixels"),
        knob("width", &K::width, kSizeRule, "embedding"),
        knob("depth", &K::depth, within(0, 1000),
             "half the number of layers: attention and FFN layers are 2 x depth in all"),
        knob("width_scale", &K::width_scale, ratio(),
             "factor of width, the product rounded to a multiple of heads"),
        knob("heads", &K::heads, within(1, 1024), "attention heads"),
        knob("qk_dim", &K::qk_dim, within(0, 1 << 16), "query and key channels of a head")
            .following(split, "width / heads"),
        knob("v_ratio", &K::v_ratio, ratio(), "value channels of a head over width / heads"),
        knob("ffn_ratio", &K::ffn_ratio, ratio(), "FFN hidden over width"),
        knob("mhsa_share", &K::mhsa_share, within(0, 1), "attention layers over all layers"),
        knob("placement", &K::placement, "where the attention layers go"),
        knob("activation", &K::activation, kTemplateActivations, ""),
        knob("distilled", &K::distilled, "DeiT's second class token and head for distillation"),
        knob("head_split", &K::head_split, "each head reads only its own split of the channels"),
        knob("experts", &K::experts, within(0, 4096),
             "experts of an FFN layer that has some (V-MoE); 0: no layer has"),
        knob("expert_layers", &K::expert_layers,
             or_word({.low = 0, .high = 1e9, .says = "must be every_second or a number from 0 on"},
                     "every_second", kEverySecond),
             "of the FFN layers 2, 4, ...: every_second, or the last n"),
        knob("top_k", &K::top_k, within(0, 4096), "experts that serve one token"),
        knob("capacity", &K::capacity, ratio(),
             "places of all experts over top_k x tokens of an image"),
    };
  }
};

/// What the other knobs decide whether a value fits.
void check_together(core::ConfigReader& reader, const VitKnobs& k) {
  check_again(reader, "width", kSizeRule, {k.width});
  if (k.qk_dim == 0 && k.heads >= 1 && k.width % k.heads != 0)
    reader.fail("heads", std::to_string(k.heads) + " does not divide width " +
                             std::to_string(k.width) + "; set qk_dim or other heads");
  if (k.head_split && k.heads >= 1 && k.width % k.heads != 0)
    reader.fail("head_split", "needs a width that the " + std::to_string(k.heads) +
                                  " heads divide, got " + std::to_string(k.width));
  if (k.experts > 0 && (k.top_k < 1 || k.top_k > k.experts))
    reader.fail("top_k", "must lie in 1.." + std::to_string(k.experts) +
                             ", the number of experts, got " + std::to_string(k.top_k));
}

VitKnobs read_vit_knobs(core::ConfigReader& reader) {
  VitKnobs k;
  read_knobs(reader, k);
  reader.finish();
  k.width = k.scaled_width();
  k.width_scale = 1;
  check_together(reader, k);
  return k;
}

/// Whether number `ffn` of `ffns` FFN layers has experts: every second one, or the last n of these
/// (V-MoE's "Every-2" and "Last-n").
bool takes_experts(const VitKnobs& k, graph::Index ffn, graph::Index ffns) {
  if (k.experts == 0 || ffn % 2 == 0) return false;
  const graph::Index behind = ffns / 2 - 1 - ffn / 2;  // layers of experts that follow
  return k.expert_layers == kEverySecond || behind < k.expert_layers;
}

ModelSpec expand_vit(core::ConfigReader& reader) {
  const std::size_t before = reader.problems().count();
  const VitKnobs k = read_vit_knobs(reader);
  ModelSpec spec;
  if (reader.problems().count() > before) return spec;
  spec.image = image_of(k.channels, k.image_size);
  spec.stem = layers::PatchStem{k.patch, k.distilled ? 2 : 1, true};
  const graph::Index qk = k.qk_dim > 0 ? k.qk_dim : VitKnobs::split(k);
  const double split = static_cast<double>(k.width) / static_cast<double>(k.heads);
  const graph::Index v =
      std::max<graph::Index>(1, static_cast<graph::Index>(std::llround(k.v_ratio * split)));
  const auto heads = static_cast<std::size_t>(k.heads);
  const layers::TokenAttention attention{
      .heads = k.heads,
      .qk = layers::PerHead{std::vector<graph::Index>(heads, qk)},
      .v = layers::PerHead{std::vector<graph::Index>(heads, v)},
      .scale = 1.0 / std::sqrt(static_cast<double>(qk)),
      .split = k.head_split};
  const graph::Index hidden =
      std::max<graph::Index>(1, std::llround(k.ffn_ratio * static_cast<double>(k.width)));
  Stage stage;
  stage.width = k.width;
  const std::vector<bool> attends = place_attention(2 * k.depth, k.mhsa_share, k.placement);
  const auto ffns = static_cast<graph::Index>(std::count(attends.begin(), attends.end(), false));
  graph::Index ffn = 0;
  for (const bool is_attention : attends) {
    if (is_attention)
      stage.layers.emplace_back(attention);
    else if (takes_experts(k, ffn++, ffns))
      stage.layers.emplace_back(
          layers::ExpertFfn{k.experts, hidden, k.top_k, k.capacity, k.activation});
    else
      stage.layers.emplace_back(layers::TokenFfn{hidden, k.activation});
  }
  if (k.distilled) stage.layers.emplace_back(layers::TokenNorm{});
  spec.stages.push_back(std::move(stage));
  for (graph::Index token = 0; token < (k.distilled ? 2 : 1); ++token)
    spec.heads.emplace_back(
        layers::TokenHead{.classes = k.classes, .token = token, .norm = !k.distilled});
  return spec;
}

}  // namespace

Template vit_template() {
  return {"vit", "ViT and DeiT with any share of attention layers", knob_rows<VitKnobs>(),
          expand_vit};
}

}  // namespace vitlab::architecture
