#include <algorithm>
#include <cmath>

#include "architecture/templates.h"

namespace vitlab::architecture {

namespace {

constexpr graph::Index kEverySecond = -1;  // expert_layers: all FFN layers that may have experts

/// The knobs of `template: vit`; the initialisers are DeiT-tiny's.
struct VitKnobs {
  ImageShape image;
  graph::Index classes = 1000;
  graph::Index patch = 16;
  graph::Index width = 192;
  graph::Index depth = 12;
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
};

void check_ranges(core::ConfigReader& reader, const VitKnobs& k) {
  const auto within = [&](const char* key, graph::Index value, graph::Index low,
                          graph::Index high) {
    if (value < low || value > high)
      reader.fail(key, "must lie in " + std::to_string(low) + ".." + std::to_string(high) +
                           ", got " + std::to_string(value));
  };
  within("patch", k.patch, 1, 1024);
  within("width", k.width, 1, 1 << 20);
  within("depth", k.depth, 0, 1000);
  within("heads", k.heads, 1, 1024);
  within("qk_dim", k.qk_dim, 0, 1 << 16);
  if (k.qk_dim == 0 && k.heads >= 1 && k.width % k.heads != 0)
    reader.fail("heads", std::to_string(k.heads) + " does not divide width " +
                             std::to_string(k.width) + "; set qk_dim or other heads");
  if (k.head_split && k.heads >= 1 && k.width % k.heads != 0)
    reader.fail("head_split", "needs a width that the " + std::to_string(k.heads) +
                                  " heads divide, got " + std::to_string(k.width));
  if (!(k.v_ratio > 0) || k.v_ratio > 64) reader.fail("v_ratio", "must lie in (0, 64]");
  if (!(k.ffn_ratio > 0) || k.ffn_ratio > 64) reader.fail("ffn_ratio", "must lie in (0, 64]");
  if (!(k.mhsa_share >= 0 && k.mhsa_share <= 1)) reader.fail("mhsa_share", "must lie in [0, 1]");
}

void read_experts(core::ConfigReader& reader, VitKnobs& k) {
  reader.optional("experts", k.experts);
  if (!is_word(reader, "expert_layers", "every_second"))
    reader.optional("expert_layers", k.expert_layers);
  reader.optional("top_k", k.top_k);
  reader.optional("capacity", k.capacity);
}

void check_experts(core::ConfigReader& reader, const VitKnobs& k) {
  if (k.experts < 0 || k.experts > 4096)
    reader.fail("experts", "must lie in 0..4096, got " + std::to_string(k.experts));
  if (k.expert_layers < 0 && k.expert_layers != kEverySecond)
    reader.fail("expert_layers", "must be every_second or a number from 0 on");
  if (!(k.capacity > 0 && k.capacity <= 64)) reader.fail("capacity", "must lie in (0, 64]");
  if (k.experts > 0 && (k.top_k < 1 || k.top_k > k.experts))
    reader.fail("top_k", "must lie in 1.." + std::to_string(k.experts) +
                             ", the number of experts, got " + std::to_string(k.top_k));
}

VitKnobs read_vit_knobs(core::ConfigReader& reader) {
  VitKnobs k;
  read_image_size(reader, "image_size", k.image);
  reader.optional("channels", k.image.channels);
  reader.optional("classes", k.classes);
  reader.optional("patch", k.patch);
  reader.optional("width", k.width);
  reader.optional("depth", k.depth);
  reader.optional("heads", k.heads);
  reader.optional("qk_dim", k.qk_dim);
  reader.optional("v_ratio", k.v_ratio);
  reader.optional("ffn_ratio", k.ffn_ratio);
  reader.optional("mhsa_share", k.mhsa_share);
  std::size_t choice = 0;
  if (reader.choice("placement", {"uniform", "early", "late"}, choice))
    k.placement = static_cast<Placement>(choice);
  if (reader.choice("activation", {"relu", "hardswish", "gelu", "silu"}, choice))
    k.activation = static_cast<graph::Activation>(choice);
  reader.optional("distilled", k.distilled);
  reader.optional("head_split", k.head_split);
  k.width = scaled_width(k.width, read_width_scale(reader), k.heads);
  read_experts(reader, k);
  reader.finish();
  check_ranges(reader, k);
  check_experts(reader, k);
  return k;
}

/// Whether number `ffn` of `ffns` FFN layers has experts: every second one, or the last n of these
/// (V-MoE's "Every-2" and "Last-n").
bool takes_experts(const VitKnobs& k, graph::Index ffn, graph::Index ffns) {
  if (k.experts == 0 || ffn % 2 == 0) return false;
  const graph::Index behind = ffns / 2 - 1 - ffn / 2;  // layers of experts that follow
  return k.expert_layers == kEverySecond || behind < k.expert_layers;
}

}  // namespace

std::vector<Knob> vit_knobs() {
  return {
      {"image_size", "224", "pixels, or [height, width]"},
      {"channels", "3", "image channels"},
      {"classes", "1000", "outputs of the classifier"},
      {"patch", "16", "side of a patch, in pixels"},
      {"width", "192", "embedding"},
      {"depth", "12", "half the number of layers: attention and FFN layers are 2 x depth in all"},
      {"width_scale", "1", "factor of width, the product rounded to a multiple of heads"},
      {"heads", "3", "attention heads"},
      {"qk_dim", "width / heads", "query and key channels of a head"},
      {"v_ratio", "1.0", "value channels of a head over width / heads"},
      {"ffn_ratio", "4", "FFN hidden over width"},
      {"mhsa_share", "0.5", "attention layers over all layers"},
      {"placement", "uniform", "uniform | early | late: where the attention layers go"},
      {"activation", "gelu", "relu | hardswish | gelu | silu"},
      {"distilled", "false", "DeiT's second class token and head for distillation"},
      {"head_split", "false", "each head reads only its own split of the channels"},
      {"experts", "0", "experts of an FFN layer that has some (V-MoE); 0: no layer has"},
      {"expert_layers", "every_second", "of the FFN layers 2, 4, ...: every_second, or the last n"},
      {"top_k", "2", "experts that serve one token"},
      {"capacity", "1.05", "places of all experts over top_k x tokens of an image"},
  };
}

ModelSpec expand_vit(core::ConfigReader& reader) {
  const std::size_t before = reader.problems().count();
  const VitKnobs k = read_vit_knobs(reader);
  ModelSpec spec;
  if (reader.problems().count() > before) return spec;
  spec.image = k.image;
  spec.stem = layers::PatchStem{k.patch, k.distilled ? 2 : 1, true};
  const graph::Index qk = k.qk_dim > 0 ? k.qk_dim : k.width / k.heads;
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

}  // namespace vitlab::architecture
