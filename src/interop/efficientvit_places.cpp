#include <algorithm>
#include <cmath>

#include "interop/layer_places.h"

namespace vitlab::interop {

namespace {

/// Walks a spec in the order of EfficientViT's constructor. There, a stage is its blocks (depthwise
/// and FFN, attention, depthwise and FFN), and the pairs around a subsampling belong to it, while a
/// spec keeps the pair before it at the end of the stage that it leaves.
class EfficientVitWalk {
 public:
  EfficientVitWalk(const architecture::ModelSpec& spec, const graph::Graph& graph,
                   WeightLayout layout, NameUse use)
      : spec_(spec), graph_(graph), layout_(layout), writes_(use == NameUse::kWrite) {}

  LayerPlaces run() {
    walk_stem();
    require(!official() || spec_.stages.size() <= 3, "stages", "are more than three");
    graph::Index resolution = std::min(spec_.image.height, spec_.image.width) / 16;
    for (std::size_t i = 0; i < spec_.stages.size(); ++i) {
      if (i > 0) resolution = (resolution - 1) / 2 + 1;
      walk_stage(i);
      if (writes_) check_windows(i, resolution);
    }
    check_kernels();
    walk_heads();
    return std::move(places_);
  }

 private:
  bool official() const { return layout_ == WeightLayout::kOfficial; }

  void require(bool holds, const std::string& path, const std::string& reason) const {
    if (!holds) refuse_layout(layout_, path, reason);
  }

  void require_style(graph::Norm norm, graph::Activation activation,
                     const std::string& path) const {
    require(norm == graph::Norm::kBatch, path,
            "has the norm " + std::string(core::word_of(norm)) + ", not batch");
    require(activation == graph::Activation::kRelu, path,
            "has the activation " + std::string(core::word_of(activation)) + ", not relu");
  }

  void walk_stem() {
    const auto* stem = std::get_if<layers::ConvolutionStem>(&spec_.stem);
    require(stem != nullptr, "stem", "is not made of convolutions");
    const graph::Index width = spec_.stages.front().width;
    require(stem->widths == std::vector<graph::Index>{width / 8, width / 4, width / 2, width},
            "stem",
            "has other widths than 1/8, 1/4, 1/2 and all of the first stage's " +
                std::to_string(width));
    require_style(stem->norm, stem->activation, "stem");
    require(!official() || !writes_ ||
                (spec_.image.height == spec_.image.width && spec_.image.width % 16 == 0),
            "image", "is not square with a side that 16 divides");
    places_["stem"] = "patch_embed.";
  }

  void walk_stage(std::size_t i) {
    const architecture::Stage& stage = spec_.stages[i];
    const bool is_last = i + 1 == spec_.stages.size();
    std::size_t next = 0;
    if (i > 0) {
      walk_subsample(i);
      walk_pair(i, next, official() ? block(i, 2) + "0." : downsample(i) + "res2.0.",
                official() ? block(i, 2) + "1." : downsample(i) + "res2.1.");
    }
    const std::size_t behind = is_last ? 0 : 2;
    for (graph::Index depth = 0; next + behind < stage.layers.size(); ++depth) {
      const std::string start =
          official() ? block(i, depth + (i > 0 ? 3 : 0))
                     : "stages." + std::to_string(i) + ".blocks." + std::to_string(depth) + ".";
      walk_pair(i, next, start + "dw0.", start + "ffn0.");
      walk_attention(i, next, start + "mixer.m.attn.");
      walk_pair(i, next, start + "dw1.", start + "ffn1.");
    }
    if (!is_last)
      walk_pair(i, next, official() ? block(i + 1, 0) + "0." : downsample(i + 1) + "res1.0.",
                official() ? block(i + 1, 0) + "1." : downsample(i + 1) + "res1.1.");
  }

  /// Official stages are flat: blocks2.0 and .2 are the pairs around the subsampling blocks2.1.
  static std::string block(std::size_t stage, graph::Index number) {
    return "blocks" + std::to_string(stage + 1) + "." + std::to_string(number) + ".";
  }
  static std::string downsample(std::size_t stage) {
    return "stages." + std::to_string(stage) + ".downsample.";
  }

  static std::string layer_path(std::size_t stage, std::size_t layer) {
    return "stages." + std::to_string(stage) + ".layers." + std::to_string(layer);
  }

  template <typename Kind>
  const Kind& take(std::size_t stage, std::size_t& next, const std::string& place) {
    const auto& layers = spec_.stages[stage].layers;
    const std::string path = layer_path(stage, next);
    require(next < layers.size(), path,
            "is missing: blocks are depthwise, ffn, "
            "cascaded_attention, depthwise, ffn");
    const auto* layer = std::get_if<Kind>(&layers[next]);
    require(layer != nullptr, path,
            "is " + std::string(layers::layer_kind(layers[next])) + " where " +
                std::string(Kind::kName) + " stands");
    places_[path] = place;
    ++next;
    return *layer;
  }

  void walk_pair(std::size_t stage, std::size_t& next, const std::string& depthwise_place,
                 const std::string& ffn_place) {
    const std::string first = layer_path(stage, next), second = layer_path(stage, next + 1);
    const auto& depthwise = take<layers::DepthwiseLayer>(stage, next, depthwise_place + "m.");
    require(depthwise.kernel == 3, first, "has another kernel than 3");
    require_style(depthwise.norm, graph::Activation::kRelu, first);
    const auto& ffn = take<layers::FfnLayer>(stage, next, ffn_place + "m.");
    const graph::Index hidden = 2 * spec_.stages[stage].width;
    require(ffn.hidden == hidden, second,
            "has " + std::to_string(ffn.hidden) + " hidden channels, not twice the width (" +
                std::to_string(hidden) + ")");
    require_style(ffn.norm, ffn.activation, second);
  }

  void walk_attention(std::size_t stage, std::size_t& next, const std::string& place) {
    const std::string path = layer_path(stage, next);
    const auto& layer = take<layers::CascadedAttention>(stage, next, place);
    require(layer.qk.uniform(), path, "has heads of unequal qk");
    require(std::count(layer.kernels.begin(), layer.kernels.end(), 0) == 0, path,
            "has heads without a convolution on q");
    const auto heads = static_cast<double>(layer.head_count());
    const auto key = static_cast<double>(layer.qk[0]);
    // The constructors keep a ratio and cut off what the product has behind the point.
    const double ratio = static_cast<double>(spec_.stages[stage].width) / (key * heads);
    const auto value = static_cast<graph::Index>(ratio * key);
    require(layer.v.uniform() && layer.v[0] == value, path,
            "has other v than the split (" + std::to_string(value) + ")");
    const double scale = 1.0 / std::sqrt(key);
    require(std::abs(layer.scale - scale) <= 1e-12 * scale, path,
            "scales by something else than 1 / sqrt(qk)");
    require_style(layer.norm, layer.activation, path);
    attentions_.push_back({stage, path, &layer});
    const Attention& first = *std::find_if(attentions_.begin(), attentions_.end(),
                                           [&](const Attention& a) { return a.stage == stage; });
    require(layer == *first.layer, path,
            "differs from " + first.path + ", the attentions of a stage are all alike");
  }

  void walk_subsample(std::size_t i) {
    const std::string path = "stages." + std::to_string(i) + ".downsample";
    const layers::Layer& any = *spec_.stages[i].downsample;
    const auto* layer = std::get_if<layers::SubsampleLayer>(&any);
    require(layer != nullptr, path,
            "is " + std::string(layers::layer_kind(any)) + ", not subsample");
    const graph::Index hidden = 4 * spec_.stages[i - 1].width;
    require(layer->hidden == hidden, path,
            "has " + std::to_string(layer->hidden) + " hidden channels, not four times the width " +
                "before (" + std::to_string(hidden) + ")");
    // timm's make_divisible(hidden / 4, 8) as SqueezeExcite calls it: to the nearest multiple of 8.
    const graph::Index squeeze = std::max<graph::Index>(8, (hidden / 4 + 4) / 8 * 8);
    require(layer->squeeze == squeeze, path,
            "squeezes to " + std::to_string(layer->squeeze) + " channels, not " +
                std::to_string(squeeze));
    require(layer->kernel == 3 && layer->stride == 2, path,
            "has another kernel than 3 or another stride than 2");
    require_style(layer->norm, layer->activation, path);
    places_[path] = official() ? block(i, 1) : downsample(i) + "patchmerge.";
  }

  /// Both constructors compute a stage's map from the image's side and make square windows of it.
  void check_windows(std::size_t stage, graph::Index resolution) const {
    for (const graph::AttentionTap& tap : graph_.attention) {
      const graph::LayerInfo& info = graph_.layer(tap.layer);
      if (info.stage != static_cast<std::int32_t>(stage)) continue;
      const auto found = std::find_if(attentions_.begin(), attentions_.end(),
                                      [&](const Attention& a) { return a.path == info.path; });
      core::ensure(found != attentions_.end(), "every attention layer was walked over");
      const graph::Index side = std::min(found->layer->window, resolution);
      const graph::TokenPlaces& own = tap.places;
      require(own.rows == side && own.columns == side, info.path,
              "has windows of " + std::to_string(own.rows) + " x " + std::to_string(own.columns) +
                  " tokens, not " + std::to_string(side) + " x " + std::to_string(side) +
                  ", which that code makes of this image");
    }
  }

  /// One list of kernels serves all stages, each of which reads as many as it has heads.
  void check_kernels() const {
    if (attentions_.empty()) return;
    const auto& longest = *std::max_element(
        attentions_.begin(), attentions_.end(), [](const Attention& a, const Attention& b) {
          return a.layer->kernels.size() < b.layer->kernels.size();
        });
    for (const Attention& attention : attentions_)
      require(std::equal(attention.layer->kernels.begin(), attention.layer->kernels.end(),
                         longest.layer->kernels.begin()),
              attention.path, "has other kernels than the first of " + longest.path);
  }

  void walk_heads() {
    const std::size_t most = official() ? 2 : 1;
    require(spec_.heads.size() <= most, "heads", "are more than " + std::to_string(most));
    for (std::size_t i = 0; i < spec_.heads.size(); ++i) {
      const std::string path = "heads." + std::to_string(i);
      require(std::holds_alternative<layers::NormLinearHead>(spec_.heads[i]), path,
              "is " + std::string(layers::layer_kind(spec_.heads[i])) + ", not norm_linear");
      places_[path] = i == 0 ? "head." : "head_dist.";
    }
  }

  struct Attention {
    std::size_t stage;
    std::string path;
    const layers::CascadedAttention* layer;
  };

  const architecture::ModelSpec& spec_;
  const graph::Graph& graph_;
  WeightLayout layout_;
  bool writes_;
  LayerPlaces places_;
  std::vector<Attention> attentions_;
};

}  // namespace

LayerPlaces efficientvit_places(const architecture::ModelSpec& spec, const graph::Graph& graph,
                                WeightLayout layout, NameUse use) {
  return EfficientVitWalk(spec, graph, layout, use).run();
}

}  // namespace vitlab::interop
