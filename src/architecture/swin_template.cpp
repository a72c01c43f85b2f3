#include <algorithm>
#include <cmath>
#include <functional>

#include "architecture/templates.h"

namespace vitlab::architecture {

namespace {

constexpr std::size_t kMostStages = 8;

/// The knobs of `template: swin`; the initialisers are Swin-T's (arXiv 2103.14030).
struct SwinKnobs {
  std::vector<graph::Index> image_size{224};
  graph::Index channels = 3;
  graph::Index classes = 1000;
  graph::Index patch = 4;
  std::vector<graph::Index> widths;
  graph::Index width = 96;
  std::vector<graph::Index> depths{2, 2, 6, 2};
  std::vector<graph::Index> heads;
  std::vector<graph::Index> window{7};
  std::vector<graph::Index> qk_dim{0};  // 0: width / heads
  double v_ratio = 1.0;
  std::vector<double> ffn_ratio{4.0};
  double mhsa_share = 0.5;
  Placement placement = Placement::kUniform;
  bool head_split = false;
  double width_scale = 1.0;
  double depth_scale = 1.0;
  graph::Index version = 1;
  graph::Index norm_every = 0;

  std::size_t stages() const { return depths.size(); }

  /// `first` in the first stage, doubled from stage to stage.
  std::vector<graph::Index> doubled(graph::Index first) const {
    std::vector<graph::Index> sizes;
    for (std::size_t i = 0; i < std::min(stages(), kMostStages); ++i, first *= 2)
      sizes.push_back(first);
    return sizes;
  }
  static std::vector<graph::Index> doubled_widths(const SwinKnobs& k) {
    return k.doubled(k.width >= 1 && k.width <= 1 << 20 ? k.width : 1);
  }
  static std::vector<graph::Index> doubled_heads(const SwinKnobs& k) { return k.doubled(3); }
  /// Width / heads of each stage, one number where all agree.
  static std::vector<graph::Index> splits(const SwinKnobs& k) {
    const auto all_widths = k.widths.empty() ? doubled_widths(k) : k.widths;
    const auto all_heads = k.heads.empty() ? doubled_heads(k) : k.heads;
    std::vector<graph::Index> sizes;
    for (std::size_t i = 0; i < all_widths.size() && !all_heads.empty(); ++i) {
      const auto count = std::max<graph::Index>(1, all_heads[std::min(i, all_heads.size() - 1)]);
      sizes.push_back(scaled_width(all_widths[i], k.width_scale, count) / count);
    }
    if (std::adjacent_find(sizes.begin(), sizes.end(), std::not_equal_to<>()) == sizes.end())
      sizes.resize(std::min<std::size_t>(1, sizes.size()));
    return sizes;
  }

  static constexpr auto fields() {
    using K = SwinKnobs;
    return std::tuple{
        knob("image_size", &K::image_size, kImageSizeRule, kImageSizeMeaning),
        knob("channels", &K::channels, within(1, 1024), "image channels"),
        knob("classes", &K::classes, kClassesRule, "outputs of the classifier"),
        knob("patch", &K::patch, within(1, 1024), "side of a patch").in("pixels"),
        knob("widths", &K::widths,
             listed(kSizeRule, "must name one width per stage", 1, kMostStages),
             "embedding of each stage")
            .following(doubled_widths),
        knob("width", &K::width, kSizeRule,
             "instead of widths: embedding of the first stage, doubled from stage to stage"),
        knob("depths", &K::depths,
             listed(within(0, 1000), "must name one depth per stage, for 1 to 8 stages", 1,
                    kMostStages),
             "per stage half the number of layers: attention and FFN layers are 2 x depth"),
        knob("heads", &K::heads, per_stage(within(1, 1024), 1, kMostStages),
             "attention heads, a number or one per stage")
            .following(doubled_heads),
        knob("window", &K::window, per_stage(within(1, 1024), 1, kMostStages),
             "side of the attention windows, a number or one per stage"),
        knob("qk_dim", &K::qk_dim, per_stage(within(0, 1 << 16), 1, kMostStages),
             "query and key channels of a head, a number or one per stage")
            .following(splits, "width / heads"),
        knob("v_ratio", &K::v_ratio, ratio(), "value channels of a head over width / heads"),
        knob("ffn_ratio", &K::ffn_ratio, per_stage(ratio(), 1, kMostStages),
             "FFN hidden over width, a number or one per stage"),
        knob("mhsa_share", &K::mhsa_share, within(0, 1),
             "attention layers over all layers of the model"),
        knob("placement", &K::placement, "where the attention layers go"),
        knob("head_split", &K::head_split,
             "whether each head reads only its split of the channels"),
        knob("width_scale", &K::width_scale, ratio(),
             "multiplies all widths, rounded to multiples of the heads"),
        knob("depth_scale", &K::depth_scale, ratio(), "multiplies all depths"),
        knob("version", &K::version, within(1, 2), "1 | 2: Swin or SwinV2"),
        knob("norm_every", &K::norm_every, within(0, 1000),
             "a layer norm on the main branch behind every so many blocks of 2 layers of a stage; "
             "0: none"),
    };
  }
};

/// One number per stage of the knobs that take one for all, and what follows from other knobs.
void fill_stages(core::ConfigReader& reader, SwinKnobs& k) {
  if (k.depths.empty() || k.stages() > kMostStages) k.depths = {1};
  if (reader.has("width") && reader.has("widths"))
    reader.fail("widths", "stands beside width; give one of them");
  if (reader.has("widths") && k.widths.size() != k.stages() &&
      !reader.problems().blames(reader.path_of("widths")))
    reader.fail("widths", "must name one width per stage (" + std::to_string(k.stages()) +
                              "), got " + std::to_string(k.widths.size()));
  if (!reader.has("widths")) k.widths = SwinKnobs::doubled_widths(k);
  check_again(reader, "widths", kSizeRule, k.widths);
  if (!reader.has("heads")) k.heads = SwinKnobs::doubled_heads(k);
  spread(reader, "heads", k.stages(), k.heads);
  spread(reader, "window", k.stages(), k.window);
  spread(reader, "qk_dim", k.stages(), k.qk_dim);
  spread(reader, "ffn_ratio", k.stages(), k.ffn_ratio);
}

/// Scaled depths are at least 1 where the depth is; scaled widths are multiples of the heads.
void apply_scales(core::ConfigReader& reader, SwinKnobs& k) {
  for (std::size_t i = 0; i < k.stages(); ++i) {
    if (k.depths[i] > 0)
      k.depths[i] =
          std::max<graph::Index>(1, std::llround(static_cast<double>(k.depths[i]) * k.depth_scale));
    const graph::Index heads = k.heads[i];
    k.widths[i] = scaled_width(k.widths[i], k.width_scale, heads);
    if (k.qk_dim[i] == 0 && k.widths[i] % heads != 0)
      reader.fail("heads", std::to_string(heads) + " does not divide " +
                               std::to_string(k.widths[i]) + ", the width of stage " +
                               std::to_string(i) + "; set qk_dim or other heads");
  }
}

layers::Layer swin_attention(const SwinKnobs& k, std::size_t stage, bool shifted) {
  const graph::Index heads = k.heads[stage], width = k.widths[stage], window = k.window[stage];
  const graph::Index qk = k.qk_dim[stage] > 0 ? k.qk_dim[stage] : width / heads;
  const double split = static_cast<double>(width) / static_cast<double>(heads);
  const graph::Index v =
      std::max<graph::Index>(1, static_cast<graph::Index>(std::llround(k.v_ratio * split)));
  const layers::PerHead all_qk{std::vector<graph::Index>(static_cast<std::size_t>(heads), qk)};
  const layers::PerHead all_v{std::vector<graph::Index>(static_cast<std::size_t>(heads), v)};
  const graph::Index shift = shifted ? window / 2 : 0;
  if (k.version == 2)
    return layers::CosineAttention{.heads = heads,
                                   .window = window,
                                   .shift = shift,
                                   .qk = all_qk,
                                   .v = all_v,
                                   .split = k.head_split};
  return layers::ShiftedAttention{.heads = heads,
                                  .window = window,
                                  .shift = shift,
                                  .qk = all_qk,
                                  .v = all_v,
                                  .scale = 1.0 / std::sqrt(static_cast<double>(qk)),
                                  .split = k.head_split};
}

/// `attention` says for each layer of the stage whether it is attention; every second attention
/// layer of a stage is shifted.
Stage swin_stage(const SwinKnobs& k, std::size_t i, const std::vector<bool>& attention) {
  Stage stage;
  stage.width = k.widths[i];
  if (i > 0) stage.downsample = layers::PatchMerging{k.version == 2};
  const double hidden = k.ffn_ratio[i] * static_cast<double>(k.widths[i]);
  const layers::TokenFfn ffn{
      .hidden = std::max<graph::Index>(1, static_cast<graph::Index>(std::llround(hidden))),
      .epsilon = layers::kPixelNormEpsilon,
      .post_norm = k.version == 2};
  bool shifted = false;
  for (std::size_t j = 0; j < attention.size(); ++j) {
    if (attention[j]) {
      stage.layers.push_back(swin_attention(k, i, shifted));
      shifted = !shifted;
    } else {
      stage.layers.emplace_back(ffn);
    }
    const graph::Index done = static_cast<graph::Index>(j) + 1;
    if (k.norm_every > 0 && done % (2 * k.norm_every) == 0)
      stage.layers.emplace_back(layers::TokenNorm{layers::kPixelNormEpsilon});
  }
  return stage;
}

ModelSpec expand_swin(core::ConfigReader& reader) {
  const std::size_t before = reader.problems().count();
  SwinKnobs k;
  read_knobs(reader, k);
  reader.finish();
  fill_stages(reader, k);
  ModelSpec spec;
  if (reader.problems().count() > before) return spec;
  apply_scales(reader, k);
  if (reader.problems().count() > before) return spec;
  spec.image = image_of(k.channels, k.image_size);
  spec.stem = layers::PatchMapStem{k.patch};
  graph::Index layers = 0;
  for (const graph::Index depth : k.depths) layers += 2 * depth;
  const std::vector<bool> attention = place_attention(layers, k.mhsa_share, k.placement);
  auto next = attention.begin();
  for (std::size_t i = 0; i < k.stages(); ++i) {
    const auto end = next + 2 * k.depths[i];
    spec.stages.push_back(swin_stage(k, i, {next, end}));
    next = end;
  }
  spec.heads.emplace_back(layers::TokenHead{
      .classes = k.classes, .mean_tokens = true, .epsilon = layers::kPixelNormEpsilon});
  return spec;
}

}  // namespace

Template swin_template() {
  return {"swin", "Swin and SwinV2 with any share of attention layers", knob_rows<SwinKnobs>(),
          expand_swin};
}

}  // namespace vitlab::architecture
