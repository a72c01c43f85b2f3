#include <array>
#include <optional>

#include "interop/layer_places.h"

namespace vitlab::interop {

namespace {

/// Walks a spec in the order of timm's EfficientNet and MobileNetV3, whose "blocks.i.j" are block j
/// of the i-th width; the layers of the stem's width, if there are any, are the first blocks.
class CnnWalk {
 public:
  CnnWalk(const architecture::ModelSpec& spec, WeightLayout layout)
      : spec_(spec), layout_(layout) {}

  LayerPlaces run() {
    require(layout_ == WeightLayout::kTimm, "stem",
            "begins a network whose authors published no PyTorch names");
    walk_stem();
    graph::Index number = 0;
    for (std::size_t i = 0; i < spec_.stages.size(); ++i) {
      const architecture::Stage& stage = spec_.stages[i];
      require_multiple_of_8("stages." + std::to_string(i), "width", stage.width);
      const bool has_blocks = i > 0 || !stage.layers.empty();
      if (has_blocks) walk_stage(i, "blocks." + std::to_string(number++) + ".");
    }
    walk_head(number);
    return std::move(places_);
  }

 private:
  void require(bool holds, const std::string& path, const std::string& reason) const {
    if (!holds) refuse_layout(layout_, path, reason);
  }

  /// timm rounds these sizes, so that it makes no others.
  void require_multiple_of_8(const std::string& path, const std::string& what,
                             graph::Index size) const {
    require(size % 8 == 0, path,
            "has a " + what + " of " + std::to_string(size) + ", no multiple of 8");
  }

  void require_batch_norm(graph::Norm norm, const std::string& path) const {
    require(norm == graph::Norm::kBatch, path,
            "has the norm " + std::string(core::word_of(norm)) + ", not batch");
  }

  void walk_stem() {
    const auto* stem = std::get_if<layers::SingleConvolutionStem>(&spec_.stem);
    require(stem != nullptr, "stem", "is not one convolution");
    require(stem->kernel == 3 && stem->stride == 2, "stem",
            "has another kernel than 3 or another stride than 2");
    require_batch_norm(stem->norm, "stem");
    activation_ = stem->activation;
    places_["stem"] = "";
  }

  void walk_stage(std::size_t i, const std::string& start) {
    const architecture::Stage& stage = spec_.stages[i];
    const std::string path = "stages." + std::to_string(i);
    graph::Index number = 0;
    if (stage.downsample)
      walk_block(*stage.downsample, path + ".downsample", start + std::to_string(number++) + ".");
    for (std::size_t j = 0; j < stage.layers.size(); ++j)
      walk_block(stage.layers[j], path + ".layers." + std::to_string(j),
                 start + std::to_string(number++) + ".");
  }

  void walk_block(const layers::Layer& layer, const std::string& path, const std::string& place) {
    const bool is_block = std::visit(
        [&](const auto& block) {
          constexpr bool kIsBlock = requires { block.squeeze_gate; };
          if constexpr (kIsBlock) check_block(block, path);
          return kIsBlock;
        },
        layer);
    require(is_block, path,
            "is " + std::string(layers::layer_kind(layer)) +
                ", neither depthwise_separable nor inverted_residual");
    places_[path] = place;
  }

  template <typename Block>
  void check_block(const Block& block, const std::string& path) {
    require_batch_norm(block.norm, path);
    if constexpr (requires { block.hidden; }) require_multiple_of_8(path, "hidden", block.hidden);
    if constexpr (requires { block.stride; })
      require(block.stride <= 2, path, "has a stride above 2");
    require(block.activation == activation_ || is_named(block.activation), path,
            "has the activation " + std::string(core::word_of(block.activation)) +
                ", which blocks of timm cannot have for themselves");
    if (block.squeeze == 0) return;
    const SqueezeStyle style{block.squeeze_activation, block.squeeze_gate};
    const bool follows_block = block.squeeze_activation == block.activation;
    if (!style_) style_ = style;
    all_follow_ = all_follow_ && follows_block;
    require(block.squeeze_gate == style_->gate, path, "has another squeeze_gate than the first");
    require(all_follow_ || block.squeeze_activation == style_->activation, path,
            "has another squeeze_activation than the first and than its own activation");
  }

  /// Activations that timm's block strings name.
  static bool is_named(graph::Activation activation) {
    constexpr std::array kNamed{graph::Activation::kRelu, graph::Activation::kRelu6,
                                graph::Activation::kHardswish, graph::Activation::kSilu};
    for (const graph::Activation named : kNamed)
      if (named == activation) return true;
    return false;
  }

  void walk_head(graph::Index blocks) {
    require(spec_.heads.size() == 1, "heads", "are more than one");
    const auto* head = std::get_if<layers::ConvolutionHead>(&spec_.heads.front());
    require(head != nullptr, "heads.0", "is not convolution_head");
    require_batch_norm(head->norm, "heads.0");
    require(head->activation == activation_, "heads.0", "has another activation than the stem");
    places_["heads.0"] = "";
    if (head->hidden == 0) return;
    // MobileNetV3 has the first convolution of its head as a last block.
    require_multiple_of_8("heads.0", "size of features", head->features);
    places_["heads.0"] = "blocks." + std::to_string(blocks) + ".0.";
  }

  struct SqueezeStyle {
    graph::Activation activation, gate;
  };

  const architecture::ModelSpec& spec_;
  WeightLayout layout_;
  LayerPlaces places_;
  graph::Activation activation_ = graph::Activation::kRelu;
  std::optional<SqueezeStyle> style_;  // of the first block that squeezes
  bool all_follow_ = true;             // their activation is their block's
};

}  // namespace

LayerPlaces cnn_places(const architecture::ModelSpec& spec, WeightLayout layout) {
  return CnnWalk(spec, layout).run();
}

}  // namespace vitlab::interop
