#include <algorithm>
#include <cmath>

#include "architecture/templates.h"

namespace vitlab::architecture {

namespace {

/// The knobs of `template: mobilevit`; the initialisers are MobileViT-XXS's.
struct MobileVitKnobs {
  std::vector<graph::Index> image_size{256};
  graph::Index channels = 3;
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

  static constexpr auto fields() {
    using K = MobileVitKnobs;
    return std::tuple{
        knob("image_size", &K::image_size, kImageSizeRule, kImageSizeMeaning),
        knob("channels", &K::channels, within(1, 1024), "image channels"),
        knob("classes", &K::classes, kClassesRule, "outputs of the classifier"),
        knob("stem_width", &K::stem_width, kSizeRule, "channels of the stem"),
        knob("widths", &K::widths, listed(kSizeRule, "must name one width per stage"),
             "channels per stage; all but the first halve the map"),
        knob("depths", &K::depths, per_stage(within(1, 1000)),
             "inverted residuals, a number or one per stage"),
        knob("attention_widths", &K::attention_widths, listed(kSizeRule, "", 0),
             "token channels of the MobileViT blocks that end the last stages"),
        knob("blocks", &K::blocks, per_stage(within(1, 1000), 0),
             "transformer blocks, a number or one per MobileViT block"),
        knob("heads", &K::heads, within(1, 1024), "attention heads"),
        knob("expansion", &K::expansion, ratio(), "hidden of an inverted residual over its input"),
        knob("ffn_ratio", &K::ffn_ratio, ratio(), "FFN hidden over the token channels"),
        knob("patch", &K::patch, within(1, 1024), "side of a patch").in("pixels of the map"),
        knob("features", &K::features, kSizeRule, "channels behind the last 1x1 convolution"),
        knob("width_scale", &K::width_scale, ratio(),
             "all widths times this, rounded to multiples of 8"),
        knob("activation", &K::activation, kTemplateActivations, ""),
    };
  }
};

MobileVitKnobs read_mobilevit_knobs(core::ConfigReader& reader) {
  MobileVitKnobs k;
  read_knobs(reader, k);
  reader.finish();
  spread(reader, "depths", std::max<std::size_t>(1, k.widths.size()), k.depths);
  spread(reader, "blocks", k.attention_widths.size(), k.blocks);
  if (k.attention_widths.size() > k.widths.size())
    reader.fail("attention_widths", "must name at most one width per stage");
  return k;
}

class MobileVitExpansion {
 public:
  explicit MobileVitExpansion(const MobileVitKnobs& knobs) : k_(knobs) {}

  ModelSpec run() const {
    ModelSpec spec;
    spec.image = image_of(k_.channels, k_.image_size);
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

ModelSpec expand_mobilevit(core::ConfigReader& reader) {
  const std::size_t before = reader.problems().count();
  const MobileVitKnobs knobs = read_mobilevit_knobs(reader);
  if (reader.problems().count() > before) return {};
  return MobileVitExpansion(knobs).run();
}

}  // namespace

Template mobilevit_template() {
  return {"mobilevit", "MobileViT: inverted residuals, and transformers on unfolded patches",
          knob_rows<MobileVitKnobs>(), expand_mobilevit};
}

}  // namespace vitlab::architecture
