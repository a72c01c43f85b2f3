#include <algorithm>
#include <cmath>

#include "architecture/templates.h"

namespace vitlab::architecture {

namespace {

enum class Mixer : std::uint8_t { kCascaded, kGrouped, kFull, kWindow, kNone };
struct MixerRow {
  Mixer value;
  std::string_view word;
};
constexpr std::array kMixers{MixerRow{Mixer::kCascaded, "cascaded"},
                             MixerRow{Mixer::kGrouped, "grouped"}, MixerRow{Mixer::kFull, "full"},
                             MixerRow{Mixer::kWindow, "window"}, MixerRow{Mixer::kNone, "none"}};
static_assert(core::is_whole(kMixers));
constexpr const auto& choice_rows(Mixer) { return kMixers; }

constexpr std::array kTemplateNorms{graph::Norm::kBatch, graph::Norm::kLayer};
constexpr graph::Index kSplit = 0;  // qk_dim: width / heads
constexpr KnobRule kQkRule = or_word(per_stage(within(1, 4096)), "split", kSplit);

constexpr bool is_power_of_two(graph::Index value) { return (value & (value - 1)) == 0; }

/// The knobs of `template: efficientvit`; the initialisers are M0's.
struct EfficientVitKnobs {
  std::vector<graph::Index> image_size{224};
  graph::Index channels = 3;
  graph::Index classes = 1000;
  graph::Index stem_stride = 16;
  std::vector<graph::Index> widths{64, 128, 192};
  double width_scale = 1;
  std::vector<graph::Index> depths{1, 2, 3};
  std::vector<graph::Index> heads{4};
  std::vector<graph::Index> qk_dim{16};
  double v_ratio = 1.0;
  std::vector<graph::Index> kernels{5, 5, 5, 5};
  std::vector<double> ffn_ratio{2.0};
  std::vector<graph::Index> ffn_per_side{1};
  Mixer mixer = Mixer::kCascaded;
  std::vector<graph::Index> window{7};
  bool depthwise = true;
  graph::Norm norm = graph::Norm::kBatch;
  graph::Activation activation = graph::Activation::kRelu;

  static constexpr auto fields() {
    using K = EfficientVitKnobs;
    return std::tuple{
        knob("image_size", &K::image_size, kImageSizeRule, kImageSizeMeaning),
        knob("channels", &K::channels, within(1, 1024), "image channels"),
        knob("classes", &K::classes, kClassesRule, "outputs of the classifier"),
        knob("stem_stride", &K::stem_stride,
             {.low = 2,
              .high = 64,
              .fits = is_power_of_two,
              .says = "must be a power of two in 2..64"},
             "a power of two: one 3x3 convolution of stride 2 per doubling"),
        knob("widths", &K::widths, listed(kSizeRule, "must name one width per stage"),
             "embedding per stage"),
        knob("width_scale", &K::width_scale, ratio(),
             "factor of widths, the products rounded to multiples of heads"),
        knob("depths", &K::depths, listed(within(0, 1000), "must name one depth per stage"),
             "blocks per stage"),
        knob("heads", &K::heads, per_stage(within(1, 1024)),
             "attention heads, a number or one per stage"),
        knob("qk_dim", &K::qk_dim, kQkRule,
             "query and key channels of a head: a number, one per stage, or split (width / heads)"),
        knob("v_ratio", &K::v_ratio, ratio(), "value channels of a head over width / heads"),
        knob("kernels", &K::kernels, one_or(listed(within(0, 31), "must name at least one kernel")),
             "depthwise kernel on q per head, 0 for none; the last repeats"),
        knob("ffn_ratio", &K::ffn_ratio, per_stage(ratio()),
             "FFN hidden over width, a number or one per stage"),
        knob("ffn_per_side", &K::ffn_per_side,
             one_or(listed(within(0, 64), "must be a number or [before, after]", 1, 2)),
             "FFNs before and after each attention, or [before, after]"),
        knob("mixer", &K::mixer, ""),
        knob("window", &K::window, per_stage(within(1, 1024)),
             "side of an attention window, a number or one per stage"),
        knob("depthwise", &K::depthwise, "a depthwise token interaction before each FFN"),
        knob("norm", &K::norm, kTemplateNorms, ""),
        knob("activation", &K::activation, kTemplateActivations, ""),
    };
  }
};

/// Each head of these mixers reads a split of its own.
void check_splits(core::ConfigReader& reader, const EfficientVitKnobs& k) {
  if (k.mixer != Mixer::kCascaded && k.mixer != Mixer::kGrouped) return;
  for (std::size_t i = 0; i < k.widths.size(); ++i) {
    if (k.depths[i] < 1 || k.heads[i] < 1 || k.widths[i] % k.heads[i] == 0) continue;
    reader.fail("heads", std::to_string(k.heads[i]) + " does not divide " +
                             std::to_string(k.widths[i]) + ", the width of stage " +
                             std::to_string(i) + "; set other heads or widths");
  }
}

/// `split`: as many channels as the split of a head, which is what attention without
/// EfficientViT's reallocation of parameters has.
void fill_qk_dim(core::ConfigReader& reader, std::size_t stages, EfficientVitKnobs& k) {
  if (k.qk_dim != std::vector{kSplit}) return spread(reader, "qk_dim", stages, k.qk_dim);
  k.qk_dim.assign(stages, 1);
  for (std::size_t i = 0; i < k.widths.size(); ++i)
    k.qk_dim[i] = std::max<graph::Index>(1, k.widths[i] / std::max<graph::Index>(1, k.heads[i]));
  check_again(reader, "qk_dim", kQkRule, k.qk_dim);
}

void fill_stages(core::ConfigReader& reader, EfficientVitKnobs& k) {
  const std::size_t stages = std::max<std::size_t>(1, k.widths.size());
  if (k.depths.size() != stages) {
    const bool given = reader.has("depths");
    if (!k.depths.empty())
      reader.fail(given ? "depths" : "widths",
                  "gives " + std::to_string(given ? k.depths.size() : stages) + " stages, but " +
                      (given ? "widths gives " : "depths gives ") +
                      std::to_string(given ? stages : k.depths.size()));
    k.depths.resize(stages, 1);
  }
  spread(reader, "heads", stages, k.heads);
  for (std::size_t i = 0; i < k.widths.size(); ++i)
    k.widths[i] = scaled_width(k.widths[i], k.width_scale, k.heads[i]);
  check_again(reader, "widths", kSizeRule, k.widths);
  fill_qk_dim(reader, stages, k);
  spread(reader, "ffn_ratio", stages, k.ffn_ratio);
  spread(reader, "window", stages, k.window);
}

EfficientVitKnobs read_efficientvit_knobs(core::ConfigReader& reader) {
  EfficientVitKnobs k;
  read_knobs(reader, k);
  if (reader.has("mhsa_share"))
    reader.fail("mhsa_share",
                "is a result here, of ffn_per_side and depths: set those (show prints the share)");
  reader.finish();
  fill_stages(reader, k);
  check_splits(reader, k);
  return k;
}

/// SqueezeExcite(hidden, 0.25) of timm: a quarter, rounded to a multiple of 8, at least 8.
graph::Index squeeze_width(graph::Index hidden) {
  return std::max<graph::Index>(
      8, static_cast<graph::Index>(static_cast<double>(hidden) * 0.25 + 4) / 8 * 8);
}

class EfficientVitExpansion {
 public:
  explicit EfficientVitExpansion(const EfficientVitKnobs& knobs) : k_(knobs) {}

  ModelSpec run() {
    ModelSpec spec;
    spec.image = image_of(k_.channels, k_.image_size);
    layers::ConvolutionStem stem{{}, k_.norm, k_.activation};
    for (graph::Index step = k_.stem_stride / 2; step >= 1; step /= 2)
      stem.widths.push_back(std::max<graph::Index>(1, k_.widths[0] / step));
    spec.stem = std::move(stem);
    for (std::size_t i = 0; i < k_.widths.size(); ++i) spec.stages.push_back(stage(i));
    // The pair before each subsampling works at the width of the stage that it leaves.
    for (std::size_t i = 0; i + 1 < k_.widths.size(); ++i) add_pair(spec.stages[i], i);
    spec.heads.emplace_back(layers::NormLinearHead{k_.classes});
    return spec;
  }

 private:
  Stage stage(std::size_t i) const {
    Stage stage;
    stage.width = k_.widths[i];
    if (i > 0) {
      const graph::Index hidden = 4 * k_.widths[i - 1];
      stage.downsample =
          layers::SubsampleLayer{hidden, squeeze_width(hidden), 3, 2, k_.norm, k_.activation};
      add_pair(stage, i);
    }
    for (graph::Index block = 0; block < k_.depths[i]; ++block) {
      for (graph::Index n = 0; n < k_.ffn_per_side.front(); ++n) add_pair(stage, i);
      add_mixer(stage, i);
      for (graph::Index n = 0; n < k_.ffn_per_side.back(); ++n) add_pair(stage, i);
    }
    return stage;
  }

  void add_pair(Stage& stage, std::size_t i) const {
    if (k_.depthwise) stage.layers.emplace_back(layers::DepthwiseLayer{3, k_.norm});
    const auto hidden = static_cast<graph::Index>(
        std::llround(k_.ffn_ratio[i] * static_cast<double>(k_.widths[i])));
    stage.layers.emplace_back(
        layers::FfnLayer{std::max<graph::Index>(1, hidden), k_.norm, k_.activation});
  }

  void add_mixer(Stage& stage, std::size_t i) const {
    const graph::Index heads = k_.heads[i];
    const auto count = static_cast<std::size_t>(heads);
    const layers::PerHead qk{std::vector<graph::Index>(count, k_.qk_dim[i])};
    const double split = static_cast<double>(k_.widths[i]) / static_cast<double>(heads);
    const layers::PerHead v{std::vector<graph::Index>(
        count,
        std::max<graph::Index>(1, static_cast<graph::Index>(std::llround(k_.v_ratio * split))))};
    const double scale = 1.0 / std::sqrt(static_cast<double>(k_.qk_dim[i]));
    std::vector<graph::Index> kernels = k_.kernels;
    kernels.resize(count, k_.kernels.back());
    switch (k_.mixer) {
      case Mixer::kCascaded:
        stage.layers.emplace_back(
            layers::CascadedAttention{k_.window[i], qk, v, kernels, scale, k_.norm, k_.activation});
        break;
      case Mixer::kGrouped:
        stage.layers.emplace_back(
            layers::GroupedAttention{k_.window[i], qk, v, kernels, scale, k_.norm, k_.activation});
        break;
      case Mixer::kFull:
        stage.layers.emplace_back(
            layers::FullAttention{heads, qk, v, scale, k_.norm, k_.activation});
        break;
      case Mixer::kWindow:
        stage.layers.emplace_back(
            layers::WindowAttention{heads, k_.window[i], qk, v, scale, k_.norm, k_.activation});
        break;
      case Mixer::kNone:
        break;
    }
  }

  const EfficientVitKnobs& k_;
};

ModelSpec expand_efficientvit(core::ConfigReader& reader) {
  const std::size_t before = reader.problems().count();
  const EfficientVitKnobs knobs = read_efficientvit_knobs(reader);
  if (reader.problems().count() > before) return {};
  return EfficientVitExpansion(knobs).run();
}

}  // namespace

Template efficientvit_template() {
  return {"efficientvit", "EfficientViT (CVPR 2023): sandwich blocks, cascaded group attention",
          knob_rows<EfficientVitKnobs>(), expand_efficientvit};
}

}  // namespace vitlab::architecture
