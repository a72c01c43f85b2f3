#include <algorithm>
#include <cmath>

#include "architecture/templates.h"

namespace vitlab::architecture {

namespace {

enum class Mixer : std::uint8_t { kCascaded, kGrouped, kFull, kWindow, kNone };

/// The knobs of `template: efficientvit`; the initialisers are M0's.
struct EfficientVitKnobs {
  ImageShape image;
  graph::Index classes = 1000;
  graph::Index stem_stride = 16;
  std::vector<graph::Index> widths{64, 128, 192};
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
};

void check_each(core::ConfigReader& reader, std::string_view key,
                const std::vector<graph::Index>& values, graph::Index low, graph::Index high) {
  for (const graph::Index value : values) {
    if (value >= low && value <= high) continue;
    reader.fail(key, "must lie in " + std::to_string(low) + ".." + std::to_string(high) + ", got " +
                         std::to_string(value));
    return;
  }
}

void check_ranges(core::ConfigReader& reader, EfficientVitKnobs& k) {
  const bool power_of_two = k.stem_stride >= 2 && (k.stem_stride & (k.stem_stride - 1)) == 0;
  if (!power_of_two || k.stem_stride > 64)
    reader.fail("stem_stride",
                "must be a power of two in 2..64, got " + std::to_string(k.stem_stride));
  if (k.widths.empty()) reader.fail("widths", "must name one width per stage");
  check_each(reader, "widths", k.widths, 1, 1 << 20);
  check_each(reader, "depths", k.depths, 0, 1000);
  check_each(reader, "heads", k.heads, 1, 1024);
  check_each(reader, "qk_dim", k.qk_dim, 1, 4096);
  check_each(reader, "window", k.window, 1, 1024);
  check_each(reader, "kernels", k.kernels, 0, 31);
  check_each(reader, "ffn_per_side", k.ffn_per_side, 0, 64);
  if (k.kernels.empty()) reader.fail("kernels", "must name at least one kernel");
  if (!(k.v_ratio > 0) || k.v_ratio > 64) reader.fail("v_ratio", "must lie in (0, 64]");
  for (const double ratio : k.ffn_ratio)
    if (!(ratio > 0) || ratio > 64) reader.fail("ffn_ratio", "must lie in (0, 64]");
  if (k.ffn_per_side.size() > 2 || k.ffn_per_side.empty())
    reader.fail("ffn_per_side", "must be a number or [before, after]");
}

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

/// A number, one per stage, or `split`: as many channels as the split of a head, width / heads,
/// which is what attention without EfficientViT's reallocation of parameters has.
void read_qk_dim(core::ConfigReader& reader, std::size_t stages, EfficientVitKnobs& k) {
  if (!is_word(reader, "qk_dim", "split")) {
    read_per_stage(reader, "qk_dim", stages, k.qk_dim);
    return;
  }
  k.qk_dim.clear();
  for (std::size_t i = 0; i < stages; ++i)
    k.qk_dim.push_back(
        std::max<graph::Index>(1, k.widths[i] / std::max<graph::Index>(1, k.heads[i])));
}

EfficientVitKnobs read_efficientvit_knobs(core::ConfigReader& reader) {
  EfficientVitKnobs k;
  read_image_size(reader, "image_size", k.image);
  reader.optional("channels", k.image.channels);
  reader.optional("classes", k.classes);
  reader.optional("stem_stride", k.stem_stride);
  reader.optional("widths", k.widths);
  reader.optional("depths", k.depths);
  const std::size_t stages = std::max<std::size_t>(1, k.widths.size());
  if (k.depths.size() != stages) {
    const bool given = reader.has("depths");
    reader.fail(given ? "depths" : "widths",
                "gives " + std::to_string(given ? k.depths.size() : stages) + " stages, but " +
                    (given ? "widths gives " : "depths gives ") +
                    std::to_string(given ? stages : k.depths.size()));
    k.depths.resize(stages, 1);
  }
  read_per_stage(reader, "heads", stages, k.heads);
  const double scale = read_width_scale(reader);
  for (std::size_t i = 0; i < k.widths.size(); ++i)
    k.widths[i] = scaled_width(k.widths[i], scale, k.heads[i]);
  read_qk_dim(reader, stages, k);
  reader.optional("v_ratio", k.v_ratio);
  reader.one_or_many("kernels", k.kernels);
  read_per_stage(reader, "ffn_ratio", stages, k.ffn_ratio);
  reader.one_or_many("ffn_per_side", k.ffn_per_side);
  std::size_t choice = 0;
  if (reader.choice("mixer", {"cascaded", "grouped", "full", "window", "none"}, choice))
    k.mixer = static_cast<Mixer>(choice);
  read_per_stage(reader, "window", stages, k.window);
  reader.optional("depthwise", k.depthwise);
  if (reader.choice("norm", {"batch", "layer"}, choice)) k.norm = static_cast<graph::Norm>(choice);
  if (reader.choice("activation", {"relu", "hardswish", "gelu", "silu"}, choice))
    k.activation = static_cast<graph::Activation>(choice);
  if (reader.has("mhsa_share"))
    reader.fail("mhsa_share",
                "is a result here, of ffn_per_side and depths: set those (show prints the share)");
  reader.finish();
  check_ranges(reader, k);
  check_splits(reader, k);
  return k;
}

/// SqueezeExcite(hidden, 0.25) of timm: a quarter, rounded to a multiple of 8, at least 8.
graph::Index squeeze_width(graph::Index hidden) {
  return std::max<graph::Index>(
      8, static_cast<graph::Index>(static_cast<double>(hidden) * 0.25 + 4) / 8 * 8);
}

class Expansion {
 public:
  explicit Expansion(const EfficientVitKnobs& knobs) : k_(knobs) {}

  ModelSpec run() {
    ModelSpec spec;
    spec.image = k_.image;
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

}  // namespace

std::vector<Knob> efficientvit_knobs() {
  return {
      {"image_size", "224", "pixels, or [height, width]"},
      {"channels", "3", "image channels"},
      {"classes", "1000", "outputs of the classifier"},
      {"stem_stride", "16", "a power of two: one 3x3 convolution of stride 2 per doubling"},
      {"widths", "[64, 128, 192]", "embedding per stage"},
      {"width_scale", "1", "factor of widths, the products rounded to multiples of heads"},
      {"depths", "[1, 2, 3]", "blocks per stage"},
      {"heads", "4", "attention heads, a number or one per stage"},
      {"qk_dim", "16",
       "query and key channels of a head: a number, one per stage, or split (width / heads)"},
      {"v_ratio", "1.0", "value channels of a head over width / heads"},
      {"kernels", "[5, 5, 5, 5]", "depthwise kernel on q per head, 0 for none; the last repeats"},
      {"ffn_ratio", "2", "FFN hidden over width, a number or one per stage"},
      {"ffn_per_side", "1", "FFNs before and after each attention, or [before, after]"},
      {"mixer", "cascaded", "cascaded | grouped | full | window | none"},
      {"window", "7", "side of an attention window, a number or one per stage"},
      {"depthwise", "true", "a depthwise token interaction before each FFN"},
      {"norm", "batch", "batch | layer"},
      {"activation", "relu", "relu | hardswish | gelu | silu"},
  };
}

ModelSpec expand_efficientvit(core::ConfigReader& reader) {
  const std::size_t before = reader.problems().count();
  const EfficientVitKnobs knobs = read_efficientvit_knobs(reader);
  if (reader.problems().count() > before) return {};
  return Expansion(knobs).run();
}

}  // namespace vitlab::architecture
