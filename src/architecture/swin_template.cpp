#include <algorithm>
#include <cmath>

#include "architecture/templates.h"

namespace vitlab::architecture {

namespace {

/// The knobs of `template: swin`; the initialisers are Swin-T's (arXiv 2103.14030).
struct SwinKnobs {
  ImageShape image;
  graph::Index classes = 1000;
  graph::Index patch = 4;
  graph::Index width = 96;
  std::vector<graph::Index> widths;
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
};

void check_swin_ranges(core::ConfigReader& reader, const SwinKnobs& k) {
  const auto within = [&](const char* key, graph::Index value, graph::Index low,
                          graph::Index high) {
    if (value < low || value > high)
      reader.fail(key, "must lie in " + std::to_string(low) + ".." + std::to_string(high) +
                           ", got " + std::to_string(value));
  };
  const auto ratio = [&](const char* key, double value) {
    if (!(value > 0) || value > 64) reader.fail(key, "must lie in (0, 64]");
  };
  within("patch", k.patch, 1, 1024);
  for (const graph::Index width : k.widths) within("widths", width, 1, 1 << 20);
  for (const graph::Index depth : k.depths) within("depths", depth, 0, 1000);
  for (const graph::Index heads : k.heads) within("heads", heads, 1, 1024);
  for (const graph::Index window : k.window) within("window", window, 1, 1024);
  for (const graph::Index qk : k.qk_dim) within("qk_dim", qk, 0, 1 << 16);
  within("version", k.version, 1, 2);
  within("norm_every", k.norm_every, 0, 1000);
  ratio("v_ratio", k.v_ratio);
  for (const double value : k.ffn_ratio) ratio("ffn_ratio", value);
  ratio("width_scale", k.width_scale);
  ratio("depth_scale", k.depth_scale);
  if (!(k.mhsa_share >= 0 && k.mhsa_share <= 1)) reader.fail("mhsa_share", "must lie in [0, 1]");
}

/// Each stage has twice the width of the one before, unless `widths` says otherwise.
void read_widths(core::ConfigReader& reader, SwinKnobs& k) {
  reader.optional("width", k.width);
  reader.optional("widths", k.widths);
  if (reader.has("width") && reader.has("widths"))
    reader.fail("widths", "stands beside width; give one of them");
  if (reader.has("widths") && k.widths.size() != k.stages())
    reader.fail("widths", "must name one width per stage (" + std::to_string(k.stages()) +
                              "), got " + std::to_string(k.widths.size()));
  if (k.width < 1 || k.width > 1 << 20)
    reader.fail("width", "must lie in 1..1048576, got " + std::to_string(k.width));
  if (!reader.has("widths"))
    for (std::size_t i = 0; i < k.stages(); ++i) k.widths.push_back(k.width << i);
}

SwinKnobs read_swin_knobs(core::ConfigReader& reader) {
  SwinKnobs k;
  read_image_size(reader, "image_size", k.image);
  reader.optional("channels", k.image.channels);
  reader.optional("classes", k.classes);
  reader.optional("patch", k.patch);
  reader.optional("depths", k.depths);
  if (k.depths.empty() || k.depths.size() > 8) {
    reader.fail("depths", "must name one depth per stage, for 1 to 8 stages");
    k.depths = {1};
  }
  read_widths(reader, k);
  if (!reader.has("heads"))
    for (std::size_t i = 0; i < k.stages(); ++i) k.heads.push_back(graph::Index{3} << i);
  read_per_stage(reader, "heads", k.stages(), k.heads);
  read_per_stage(reader, "window", k.stages(), k.window);
  read_per_stage(reader, "qk_dim", k.stages(), k.qk_dim);
  reader.optional("v_ratio", k.v_ratio);
  read_per_stage(reader, "ffn_ratio", k.stages(), k.ffn_ratio);
  reader.optional("mhsa_share", k.mhsa_share);
  std::size_t choice = 0;
  if (reader.choice("placement", {"uniform", "early", "late"}, choice))
    k.placement = static_cast<Placement>(choice);
  reader.optional("head_split", k.head_split);
  reader.optional("width_scale", k.width_scale);
  reader.optional("depth_scale", k.depth_scale);
  reader.optional("version", k.version);
  reader.optional("norm_every", k.norm_every);
  reader.finish();
  check_swin_ranges(reader, k);
  return k;
}

/// Scaled depths are at least 1 where the depth is; scaled widths are multiples of the heads.
void apply_scales(core::ConfigReader& reader, SwinKnobs& k) {
  const auto scaled = [](graph::Index size, double factor) {
    return static_cast<graph::Index>(std::llround(static_cast<double>(size) * factor));
  };
  for (std::size_t i = 0; i < k.stages(); ++i) {
    if (k.depths[i] > 0)
      k.depths[i] = std::max<graph::Index>(1, scaled(k.depths[i], k.depth_scale));
    const graph::Index heads = k.heads[i];
    if (k.width_scale != 1.0) {
      const double per_head =
          static_cast<double>(k.widths[i]) * k.width_scale / static_cast<double>(heads);
      k.widths[i] =
          heads * std::max<graph::Index>(1, static_cast<graph::Index>(std::llround(per_head)));
    }
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

}  // namespace

std::vector<Knob> swin_knobs() {
  return {
      {"image_size", "224", "pixels, or [height, width]"},
      {"channels", "3", "image channels"},
      {"classes", "1000", "outputs of the classifier"},
      {"patch", "4", "side of a patch, in pixels"},
      {"widths", "[96, 192, 384, 768]", "embedding of each stage"},
      {"width", "96",
       "instead of widths: embedding of the first stage, doubled from stage to stage"},
      {"depths", "[2, 2, 6, 2]",
       "per stage half the number of layers: attention and FFN layers are 2 x depth"},
      {"heads", "[3, 6, 12, 24]", "attention heads, a number or one per stage"},
      {"window", "7", "side of the attention windows, a number or one per stage"},
      {"qk_dim", "width / heads", "query and key channels of a head, a number or one per stage"},
      {"v_ratio", "1.0", "value channels of a head over width / heads"},
      {"ffn_ratio", "4", "FFN hidden over width, a number or one per stage"},
      {"mhsa_share", "0.5", "attention layers over all layers of the model"},
      {"placement", "uniform", "uniform | early | late: where the attention layers go"},
      {"head_split", "false", "whether each head reads only its split of the channels"},
      {"width_scale", "1.0", "multiplies all widths, rounded to multiples of the heads"},
      {"depth_scale", "1.0", "multiplies all depths"},
      {"version", "1", "1 | 2: Swin or SwinV2"},
      {"norm_every", "0",
       "a layer norm on the main branch behind every so many blocks of 2 layers of a stage; 0: "
       "none"},
  };
}

ModelSpec expand_swin(core::ConfigReader& reader) {
  const std::size_t before = reader.problems().count();
  SwinKnobs k = read_swin_knobs(reader);
  ModelSpec spec;
  if (reader.problems().count() > before) return spec;
  apply_scales(reader, k);
  if (reader.problems().count() > before) return spec;
  spec.image = k.image;
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

}  // namespace vitlab::architecture
