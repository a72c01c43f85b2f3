#include <algorithm>
#include <cmath>

#include "architecture/templates.h"

namespace vitlab::architecture {

namespace {

/// The knobs of `template: mobilevit`; the initialisers are MobileViT-XXS's.
struct MobileVitKnobs {
  ImageShape image{3, 256, 256};
  graph::Index classes = 1000;
  graph::Index stem_width = 16;
  std::vector<graph::Index> widths{16, 24, 48, 64, 80};
  std::vector<graph::Index> depths{1, 3, 1, 1, 1};
  std::vector<graph::Index> attention_widths{64, 80, 96};
  std::vector<graph::Index> blocks{2, 4, 3};
  graph::Index heads = 4;
  double expansion = 2;
  double ffn_ratio = 2;
  graph::Index patch = 2;
  graph::Index features = 320;
  double width_scale = 1;
  graph::Activation activation = graph::Activation::kSilu;
};

void check_between(core::ConfigReader& reader, std::string_view key,
                   const std::vector<graph::Index>& values, graph::Index low, graph::Index high) {
  for (const graph::Index value : values) {
    if (value >= low && value <= high) continue;
    reader.fail(key, "must lie in " + std::to_string(low) + ".." + std::to_string(high) + ", got " +
                         std::to_string(value));
    return;
  }
}

void check_ranges(core::ConfigReader& reader, const MobileVitKnobs& k) {
  check_between(reader, "stem_width", {k.stem_width}, 1, 1 << 20);
  check_between(reader, "widths", k.widths, 1, 1 << 20);
  check_between(reader, "depths", k.depths, 1, 1000);
  check_between(reader, "attention_widths", k.attention_widths, 1, 1 << 20);
  check_between(reader, "blocks", k.blocks, 1, 1000);
  check_between(reader, "heads", {k.heads}, 1, 1024);
  check_between(reader, "patch", {k.patch}, 1, 1024);
  check_between(reader, "features", {k.features}, 1, 1 << 20);
  if (k.widths.empty()) reader.fail("widths", "must name one width per stage");
  if (k.attention_widths.size() > k.widths.size())
    reader.fail("attention_widths", "must name at most one width per stage");
  for (const auto& [key, value] : {std::pair{"expansion", k.expansion},
                                   {"ffn_ratio", k.ffn_ratio},
                                   {"width_scale", k.width_scale}})
    if (!(value > 0) || value > 64) reader.fail(key, "must lie in (0, 64]");
}

MobileVitKnobs read_mobilevit_knobs(core::ConfigReader& reader) {
  MobileVitKnobs k;
  read_image_size(reader, "image_size", k.image);
  reader.optional("channels", k.image.channels);
  reader.optional("classes", k.classes);
  reader.optional("stem_width", k.stem_width);
  reader.optional("widths", k.widths);
  read_per_stage(reader, "depths", std::max<std::size_t>(1, k.widths.size()), k.depths);
  reader.optional("attention_widths", k.attention_widths);
  read_per_stage(reader, "blocks", k.attention_widths.size(), k.blocks);
  reader.optional("heads", k.heads);
  reader.optional("expansion", k.expansion);
  reader.optional("ffn_ratio", k.ffn_ratio);
  reader.optional("patch", k.patch);
  reader.optional("features", k.features);
  reader.optional("width_scale", k.width_scale);
  std::size_t choice = 0;
  if (reader.choice("activation", {"relu", "hardswish", "gelu", "silu"}, choice))
    k.activation = static_cast<graph::Activation>(choice);
  reader.finish();
  check_ranges(reader, k);
  return k;
}

class MobileVitExpansion {
 public:
  explicit MobileVitExpansion(const MobileVitKnobs& knobs) : k_(knobs) {}

  ModelSpec run() const {
    ModelSpec spec;
    spec.image = k_.image;
    spec.stem = layers::SingleConvolutionStem{3, 2, graph::Norm::kBatch, k_.activation};
    spec.stages.push_back({scaled(k_.stem_width), {}, {}});
    for (std::size_t i = 0; i < k_.widths.size(); ++i) add_stage(spec, i);
    spec.heads.emplace_back(layers::ConvolutionHead{scaled(k_.features), 0, graph::Norm::kBatch,
                                                    k_.activation, k_.classes});
    return spec;
  }

 private:
  graph::Index scaled(graph::Index width) const {
    return k_.width_scale == 1 ? width
                               : divisible_by_8(static_cast<double>(width) * k_.width_scale);
  }
  graph::Index hidden_of(graph::Index width) const {
    return divisible_by_8(static_cast<double>(width) * k_.expansion);
  }

  /// The first stage keeps the stem's map, the others halve theirs.
  void add_stage(ModelSpec& spec, std::size_t i) const {
    const graph::Index before = spec.stages.back().width, width = scaled(k_.widths[i]);
    graph::Index blocks = k_.depths[i];
    if (i > 0 || before != width) {
      const layers::InvertedResidualDownsample down{
          .hidden = hidden_of(before), .stride = i > 0 ? 2 : 1, .activation = k_.activation};
      spec.stages.push_back({width, down, {}});
      --blocks;
    }
    Stage& stage = spec.stages.back();
    for (; blocks > 0; --blocks)
      stage.layers.emplace_back(
          layers::InvertedResidual{.hidden = hidden_of(width), .activation = k_.activation});
    const std::size_t plain = k_.widths.size() - k_.attention_widths.size();
    if (i >= plain) stage.layers.emplace_back(mobilevit(i - plain));
  }

  layers::MobileVitLayer mobilevit(std::size_t i) const {
    layers::MobileVitLayer layer{.width = scaled(k_.attention_widths[i]), .heads = k_.heads};
    const auto blocks = static_cast<std::size_t>(k_.blocks[i]);
    const graph::Index size = std::max<graph::Index>(1, layer.width / layer.heads);
    const double hidden = k_.ffn_ratio * static_cast<double>(layer.width);
    layer.hidden.assign(blocks, std::max<graph::Index>(1, static_cast<graph::Index>(hidden)));
    layer.qk.sizes.assign(blocks * static_cast<std::size_t>(k_.heads), size);
    layer.v = layer.qk;
    layer.scale = 1.0 / std::sqrt(static_cast<double>(size));
    layer.patch = k_.patch;
    layer.activation = k_.activation;
    return layer;
  }

  const MobileVitKnobs& k_;
};

}  // namespace

std::vector<Knob> mobilevit_knobs() {
  return {
      {"image_size", "256", "pixels, or [height, width]"},
      {"channels", "3", "image channels"},
      {"classes", "1000", "outputs of the classifier"},
      {"stem_width", "16", "channels of the stem"},
      {"widths", "[16, 24, 48, 64, 80]", "channels per stage; all but the first halve the map"},
      {"depths", "[1, 3, 1, 1, 1]", "inverted residuals, a number or one per stage"},
      {"attention_widths", "[64, 80, 96]",
       "token channels of the MobileViT blocks that end the last stages"},
      {"blocks", "[2, 4, 3]", "transformer blocks, a number or one per MobileViT block"},
      {"heads", "4", "attention heads"},
      {"expansion", "2", "hidden of an inverted residual over its input"},
      {"ffn_ratio", "2", "FFN hidden over the token channels"},
      {"patch", "2", "side of a patch, in pixels of the map"},
      {"features", "320", "channels behind the last 1x1 convolution"},
      {"width_scale", "1.0", "all widths times this, rounded to multiples of 8"},
      {"activation", "silu", "relu | hardswish | gelu | silu"},
  };
}

ModelSpec expand_mobilevit(core::ConfigReader& reader) {
  const std::size_t before = reader.problems().count();
  const MobileVitKnobs knobs = read_mobilevit_knobs(reader);
  if (reader.problems().count() > before) return {};
  return MobileVitExpansion(knobs).run();
}

}  // namespace vitlab::architecture
