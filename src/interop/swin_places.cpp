#include <cmath>
#include <optional>
#include <vector>

#include "interop/layer_places.h"

namespace vitlab::interop {

namespace {

/// What SwinTransformer and SwinTransformerV2 have in common for an attention layer.
struct ShiftedSettings {
  std::string_view kind;
  graph::Index heads, window, shift;
  const layers::PerHead& qk;
  const layers::PerHead& v;
  bool qkv_bias, split;
};

std::optional<ShiftedSettings> shifted_settings(const layers::Layer& layer) {
  if (const auto* l = std::get_if<layers::ShiftedAttention>(&layer))
    return ShiftedSettings{layers::ShiftedAttention::kName,
                           l->heads,
                           l->window,
                           l->shift,
                           l->qk,
                           l->v,
                           l->qkv_bias,
                           l->split};
  if (const auto* l = std::get_if<layers::CosineAttention>(&layer))
    return ShiftedSettings{layers::CosineAttention::kName,
                           l->heads,
                           l->window,
                           l->shift,
                           l->qk,
                           l->v,
                           l->qkv_bias,
                           l->split};
  return std::nullopt;
}

class SwinWalk {
 public:
  SwinWalk(const architecture::ModelSpec& spec, WeightLayout layout, NameUse use)
      : spec_(spec),
        layout_(layout),
        official_(layout == WeightLayout::kOfficial),
        writes_(use == NameUse::kWrite) {}

  LayerPlaces run() {
    places_["stem"] = "patch_embed.";
    find_version();
    height_ = spec_.image.height / std::get<layers::PatchMapStem>(spec_.stem).size;
    width_ = spec_.image.width / std::get<layers::PatchMapStem>(spec_.stem).size;
    for (std::size_t i = 0; i < spec_.stages.size(); ++i) walk_stage(i);
    walk_head();
    return std::move(places_);
  }

 private:
  void require(bool holds, const std::string& path, const std::string& reason) const {
    if (!holds) refuse_layout(layout_, path, reason);
  }

  /// SwinV2 from the first attention layer on, if there is one.
  void find_version() {
    for (const architecture::Stage& stage : spec_.stages)
      for (const layers::Layer& layer : stage.layers)
        if (std::holds_alternative<layers::CosineAttention>(layer)) is_second_ = true;
  }

  void walk_stage(std::size_t i) {
    const architecture::Stage& stage = spec_.stages[i];
    const std::string number = std::to_string(i), path = "stages." + number;
    require(
        stage.width == spec_.stages[0].width << i, path,
        "has the width " + std::to_string(stage.width) + ", not twice that of the stage before");
    if (i > 0) walk_merging(i);
    require(!stage.layers.empty(), path, "has no layers");
    for (std::size_t j = 0; j < stage.layers.size(); ++j) {
      const std::string layer_path = path + ".layers." + std::to_string(j);
      if (j % 2 == 0)
        check_attention(stage, j, layer_path);
      else
        check_ffn(stage, j, layer_path);
      places_[layer_path] = "layers." + number + ".blocks." + std::to_string(j / 2) + ".";
    }
    require(stage.layers.size() % 2 == 0, path + ".layers",
            "do not pair each attention with an FFN");
  }

  /// The official code merges patches at the end of the stage before.
  void walk_merging(std::size_t i) {
    const std::string path = "stages." + std::to_string(i) + ".downsample";
    const auto* merging = std::get_if<layers::PatchMerging>(&*spec_.stages[i].downsample);
    require(merging != nullptr, path, "is not patch_merging");
    require(merging->post_norm == is_second_, path,
            is_second_ ? "norms before the reduction, not behind it"
                       : "norms behind the reduction, not before it");
    require(!official_ || !writes_ || (height_ % 2 == 0 && width_ % 2 == 0), path,
            "merges a map of odd size, which the official code does not pad");
    places_[path] = "layers." + std::to_string(official_ ? i - 1 : i) + ".downsample.";
    height_ = (height_ + 1) / 2;
    width_ = (width_ + 1) / 2;
  }

  void check_attention(const architecture::Stage& stage, std::size_t j, const std::string& path) {
    const auto layer = shifted_settings(stage.layers[j]);
    const auto first = shifted_settings(stage.layers[0]);
    const std::string_view kind =
        is_second_ ? layers::CosineAttention::kName : layers::ShiftedAttention::kName;
    require(layer && layer->kind == kind, path,
            "is not the " + std::string(kind) + " that begins a block");
    require(!layer->split, path, "gives each head its own split of the channels");
    require(
        layer->heads == first->heads && layer->window == first->window && layer->qk == first->qk,
        path, "differs from the first block of its stage in heads, window or qk");
    const graph::Index shift = j / 2 % 2 == 0 ? 0 : layer->window / 2;
    require(layer->shift == shift, path,
            "is shifted by " + std::to_string(layer->shift) + ", not " + std::to_string(shift));
    require(layer->qkv_bias == qkv_bias_.value_or(layer->qkv_bias), path,
            "differs from the first block in qkv_bias");
    qkv_bias_ = layer->qkv_bias;
    check_head_sizes(*layer, stage.width, path);
    check_kind(stage.layers[j], path);
    if (official_ && writes_) check_official_windows(*layer, path);
  }

  void check_head_sizes(const ShiftedSettings& layer, graph::Index width,
                        const std::string& path) const {
    require(layer.qk == layer.v && layer.qk.uniform(), path, "has heads of unequal qk and v");
    const bool is_free = !official_ && !is_second_;  // timm's head_dim
    require(is_free || layer.qk[0] * layer.heads == width, path,
            "has heads of other sizes than width / heads");
  }

  void check_kind(const layers::Layer& layer, const std::string& path) const {
    if (const auto* own = std::get_if<layers::ShiftedAttention>(&layer)) {
      const double scale = 1.0 / std::sqrt(static_cast<double>(own->qk[0]));
      require(std::abs(own->scale - scale) <= 1e-12 * scale, path,
              "scales by something else than 1 / sqrt(qk)");
    } else {
      require(std::get<layers::CosineAttention>(layer).bias_hidden == 512, path,
              "has a bias network of other than 512 units");
    }
  }

  /// One window for all stages; along with it the official code neither pads nor shrinks one side
  /// of a window, and shifts both sides or none.
  void check_official_windows(const ShiftedSettings& layer, const std::string& path) {
    require(layer.window == window_.value_or(layer.window), path,
            "has another window than the first block");
    window_ = layer.window;
    const graph::Index smaller = std::min(height_, width_);
    const graph::Index window = std::min(smaller, layer.window);
    const graph::Index shift = smaller <= layer.window ? 0 : layer.shift;
    const layers::ShiftedWindows own =
        layers::shifted_windows(height_, width_, layer.window, layer.shift);
    require(height_ % window == 0 && width_ % window == 0, path,
            "pads its windows, which the official code does not");
    require(own.height == window && own.width == window && own.shift_rows == shift &&
                own.shift_columns == shift,
            path, "has windows or shifts that differ between height and width");
  }

  void check_ffn(const architecture::Stage& stage, std::size_t j, const std::string& path) const {
    const auto* layer = std::get_if<layers::TokenFfn>(&stage.layers[j]);
    require(layer != nullptr, path, "is not the token_ffn that ends a block");
    require(layer->post_norm == is_second_, path,
            is_second_ ? "norms before the branch, not behind it"
                       : "norms behind the branch, not before it");
    require(layer->activation == graph::Activation::kGelu, path,
            "has the activation " + std::string(core::word_of(layer->activation)) + ", not gelu");
    require(layer->epsilon == layers::kPixelNormEpsilon, path, "has another epsilon than 1e-5");
    require(stage.layers[j] == stage.layers[1], path, "differs from the first FFN of its stage");
    const auto* first = std::get_if<layers::TokenFfn>(&spec_.stages[0].layers[1]);
    const bool is_free = !official_ && !is_second_;  // timm's mlp_ratio, one per stage
    require(is_free || (first != nullptr &&
                        layer->hidden * spec_.stages[0].width == first->hidden * stage.width),
            path, "has another ratio of hidden to width than the first stage");
  }

  void walk_head() {
    require(spec_.heads.size() == 1, "heads", "are more than one");
    const auto* head = std::get_if<layers::TokenHead>(&spec_.heads.front());
    require(head != nullptr && *head == layers::TokenHead{.classes = head->classes,
                                                          .mean_tokens = true,
                                                          .epsilon = layers::kPixelNormEpsilon},
            "heads.0", "is not a token_head that reads the mean, with epsilon 1e-5");
    places_["heads.0"] = official_ ? "head." : "head.fc.";
  }

  const architecture::ModelSpec& spec_;
  WeightLayout layout_;
  bool official_, writes_;
  bool is_second_ = false;
  graph::Index height_ = 0, width_ = 0;  // of the map, stage by stage
  std::optional<bool> qkv_bias_;
  std::optional<graph::Index> window_;
  LayerPlaces places_;
};

}  // namespace

LayerPlaces swin_places(const architecture::ModelSpec& spec, WeightLayout layout, NameUse use) {
  return SwinWalk(spec, layout, use).run();
}

}  // namespace vitlab::interop
