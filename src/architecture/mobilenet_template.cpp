#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "architecture/templates.h"

namespace vitlab::architecture {

namespace {

/// `count` blocks, the first of which has the stride; an expansion of 1 is depthwise separable.
struct BlockRow {
  graph::Index count, kernel, stride;
  double expansion;
  graph::Index width;
  bool squeezes = false;
  bool has_relu = false;  // instead of the network's activation
};

/// How wide squeeze-and-excitation is.
enum class SqueezeRule : std::uint8_t {
  kNone,
  kQuarterOfHidden,  // in multiples of 8, relu and hardsigmoid: MobileNetV3
  kQuarterOfInput,   // the network's activation and sigmoid: EfficientNet
};

enum class MobileNet : std::uint8_t { kV2, kV3Large, kV3Small, kEfficientNetB0 };

/// What a word under `variant` stands for.
struct Variant {
  MobileNet value;
  std::string_view word;
  graph::Index stem;
  graph::Activation activation;
  SqueezeRule squeeze;
  std::span<const BlockRow> rows;
  graph::Index features;
  graph::Index hidden = 0;
};

// Table 2 of arXiv 1801.04381, Tables 1 and 2 of 1905.02244, Table 1 of 1905.11946.
constexpr std::array kV2Rows{BlockRow{1, 3, 1, 1, 16}, BlockRow{2, 3, 2, 6, 24},
                             BlockRow{3, 3, 2, 6, 32}, BlockRow{4, 3, 2, 6, 64},
                             BlockRow{3, 3, 1, 6, 96}, BlockRow{3, 3, 2, 6, 160},
                             BlockRow{1, 3, 1, 6, 320}};
constexpr std::array kV3LargeRows{BlockRow{1, 3, 1, 1, 16, false, true},
                                  BlockRow{1, 3, 2, 4, 24, false, true},
                                  BlockRow{1, 3, 1, 3, 24, false, true},
                                  BlockRow{3, 5, 2, 3, 40, true, true},
                                  BlockRow{1, 3, 2, 6, 80},
                                  BlockRow{1, 3, 1, 2.5, 80},
                                  BlockRow{2, 3, 1, 2.3, 80},
                                  BlockRow{2, 3, 1, 6, 112, true},
                                  BlockRow{3, 5, 2, 6, 160, true}};
constexpr std::array kV3SmallRows{BlockRow{1, 3, 2, 1, 16, true, true},
                                  BlockRow{1, 3, 2, 4.5, 24, false, true},
                                  BlockRow{1, 3, 1, 3.67, 24, false, true},
                                  BlockRow{1, 5, 2, 4, 40, true},
                                  BlockRow{2, 5, 1, 6, 40, true},
                                  BlockRow{2, 5, 1, 3, 48, true},
                                  BlockRow{3, 5, 2, 6, 96, true}};
constexpr std::array kB0Rows{BlockRow{1, 3, 1, 1, 16, true},  BlockRow{2, 3, 2, 6, 24, true},
                             BlockRow{2, 5, 2, 6, 40, true},  BlockRow{3, 3, 2, 6, 80, true},
                             BlockRow{3, 5, 1, 6, 112, true}, BlockRow{4, 5, 2, 6, 192, true},
                             BlockRow{1, 3, 1, 6, 320, true}};

constexpr std::array kVariants{
    Variant{MobileNet::kV2, "v2", 32, graph::Activation::kRelu6, SqueezeRule::kNone, kV2Rows, 1280},
    Variant{MobileNet::kV3Large, "v3_large", 16, graph::Activation::kHardswish,
            SqueezeRule::kQuarterOfHidden, kV3LargeRows, 960, 1280},
    Variant{MobileNet::kV3Small, "v3_small", 16, graph::Activation::kHardswish,
            SqueezeRule::kQuarterOfHidden, kV3SmallRows, 576, 1024},
    Variant{MobileNet::kEfficientNetB0, "efficientnet_b0", 32, graph::Activation::kSilu,
            SqueezeRule::kQuarterOfInput, kB0Rows, 1280}};
static_assert(core::is_whole(kVariants));
constexpr const auto& choice_rows(MobileNet) { return kVariants; }

struct MobileNetKnobs {
  std::vector<graph::Index> image_size{224};
  graph::Index channels = 3;
  graph::Index classes = 1000;
  MobileNet variant = MobileNet::kV2;
  double width_scale = 1;

  static constexpr auto fields() {
    using K = MobileNetKnobs;
    return std::tuple{
        knob("image_size", &K::image_size, kImageSizeRule, kImageSizeMeaning),
        knob("channels", &K::channels, within(1, 1024), "image channels"),
        knob("classes", &K::classes, kClassesRule, "outputs of the classifier"),
        knob("variant", &K::variant, "the published table of blocks"),
        knob("width_scale", &K::width_scale, ratio(),
             "all widths times this, rounded to multiples of 8"),
    };
  }
};

/// Writes the blocks of one variant, whose channels are scaled.
class MobileNetExpansion {
 public:
  MobileNetExpansion(const Variant& variant, double scale) : v_(variant), scale_(scale) {}

  void run(ModelSpec& spec, graph::Index classes) {
    spec.stem = layers::SingleConvolutionStem{3, 2, graph::Norm::kBatch, v_.activation};
    spec.stages.push_back({stem_width(), {}, {}});
    for (const BlockRow& row : v_.rows)
      for (graph::Index i = 0; i < row.count; ++i) add_block(spec, row, i == 0 ? row.stride : 1);
    spec.heads.emplace_back(layers::ConvolutionHead{features(), v_.hidden, graph::Norm::kBatch,
                                                    v_.activation, classes});
  }

 private:
  bool is_v3() const { return v_.squeeze == SqueezeRule::kQuarterOfHidden; }
  graph::Index scaled(graph::Index width) const {
    return divisible_by_8(static_cast<double>(width) * scale_);
  }
  // The papers' code leaves MobileNetV3's stem alone below 0.75, and MobileNetV2's features
  // below 1.
  graph::Index stem_width() const { return is_v3() && scale_ < 0.75 ? v_.stem : scaled(v_.stem); }
  graph::Index features() const {
    const graph::Index wide = scaled(v_.features);
    return v_.squeeze == SqueezeRule::kNone ? std::max(v_.features, wide) : wide;
  }

  void add_block(ModelSpec& spec, const BlockRow& row, graph::Index stride) const {
    Stage& stage = spec.stages.back();
    const graph::Index width = scaled(row.width);
    if (stride == 1 && width == stage.width) {
      if (row.expansion == 1)
        stage.layers.emplace_back(block<layers::DepthwiseSeparable>(row, width));
      else
        stage.layers.emplace_back(block<layers::InvertedResidual>(row, width));
      return;
    }
    const auto lead = [&](auto down) {
      down.stride = stride;
      spec.stages.push_back({width, down, {}});
    };
    if (row.expansion == 1)
      lead(block<layers::DepthwiseSeparableDownsample>(row, stage.width));
    else
      lead(block<layers::InvertedResidualDownsample>(row, stage.width));
  }

  template <typename Block>
  Block block(const BlockRow& row, graph::Index input) const {
    Block result;
    const graph::Index hidden =
        row.expansion == 1 ? input : divisible_by_8(static_cast<double>(input) * row.expansion);
    if constexpr (requires { result.hidden; }) result.hidden = hidden;
    result.kernel = row.kernel;
    result.activation = row.has_relu ? graph::Activation::kRelu : v_.activation;
    if (!row.squeezes) return result;
    if (is_v3()) {
      result.squeeze = divisible_by_8(static_cast<double>(hidden) / 4);
      result.squeeze_gate = graph::Activation::kHardsigmoid;
    } else {
      result.squeeze = std::max<graph::Index>(1, input / 4);
      result.squeeze_activation = v_.activation;
    }
    return result;
  }

  const Variant& v_;
  double scale_;
};

ModelSpec expand_mobilenet(core::ConfigReader& reader) {
  const std::size_t before = reader.problems().count();
  MobileNetKnobs k;
  read_knobs(reader, k);
  reader.finish();
  ModelSpec spec;
  if (reader.problems().count() > before) return spec;
  spec.image = image_of(k.channels, k.image_size);
  MobileNetExpansion(core::choice_row(k.variant), k.width_scale).run(spec, k.classes);
  return spec;
}

}  // namespace

graph::Index divisible_by_8(double width) {
  const graph::Index rounded =
      std::max<graph::Index>(8, static_cast<graph::Index>(width + 4) / 8 * 8);
  return static_cast<double>(rounded) < 0.9 * width ? rounded + 8 : rounded;
}

Template mobilenet_template() {
  return {"mobilenet", "MobileNetV2, MobileNetV3 and EfficientNet-B0: inverted residuals",
          knob_rows<MobileNetKnobs>(), expand_mobilenet};
}

}  // namespace vitlab::architecture
