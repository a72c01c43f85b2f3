#include <cmath>

#include "interop/layer_places.h"

namespace vitlab::interop {

namespace {

class VitWalk {
 public:
  VitWalk(const architecture::ModelSpec& spec, WeightLayout layout)
      : spec_(spec), layout_(layout) {}

  LayerPlaces run() {
    const auto& stem = std::get<layers::PatchStem>(spec_.stem);
    require(stem.class_tokens == 1 || stem.class_tokens == 2, "stem",
            "has neither one class token nor a second one for distillation");
    require(stem.position_embedding, "stem", "has no position embedding");
    places_["stem"] = "";
    require(spec_.stages.size() == 1, "stages", "are more than one, a ViT has one");
    const bool distilled = stem.class_tokens == 2;
    walk_blocks(spec_.stages.front(), distilled);
    if (distilled)
      walk_distilled_heads();
    else
      walk_head();
    return std::move(places_);
  }

 private:
  void require(bool holds, const std::string& path, const std::string& reason) const {
    if (!holds) refuse_layout(layout_, path, reason);
  }

  /// With distillation, the norm that both heads read behind ends the stage.
  void walk_blocks(const architecture::Stage& stage, bool distilled) {
    std::size_t count = stage.layers.size();
    if (distilled) {
      require(count > 0 && stage.layers.back() == layers::Layer{layers::TokenNorm{}},
              "stages.0.layers", "do not end with the token_norm of both heads");
      --count;
      places_["stages.0.layers." + std::to_string(count)] = "";
    }
    for (std::size_t j = 0; j < count; ++j) {
      const layers::Layer& layer = stage.layers[j];
      const std::string path = "stages.0.layers." + std::to_string(j);
      if (j % 2 == 0)
        check_attention(std::get_if<layers::TokenAttention>(&layer), path, stage.width);
      else
        check_ffn(std::get_if<layers::TokenFfn>(&layer), path);
      require(layer == stage.layers[j % 2], path,
              "differs from " + std::string(j % 2 == 0 ? "attention" : "the FFN") +
                  " of the first block, all blocks have one shape");
      places_[path] = "blocks." + std::to_string(j / 2) + ".";
    }
    require(count % 2 == 0, "stages.0.layers", "do not pair each attention with an FFN");
  }

  void check_attention(const layers::TokenAttention* layer, const std::string& path,
                       graph::Index width) const {
    require(layer != nullptr, path, "is not the token_attention that begins a block");
    require(!layer->split, path, "gives each head its own split of the channels");
    require(width % layer->heads == 0, path, "has heads that do not divide the width");
    const graph::Index size = width / layer->heads;
    require(layer->qk == layer->v && layer->qk.uniform() && layer->qk[0] == size, path,
            "has heads of other sizes than width / heads (" + std::to_string(size) + ")");
    const double scale = 1.0 / std::sqrt(static_cast<double>(size));
    require(std::abs(layer->scale - scale) <= 1e-12 * scale, path,
            "scales by something else than 1 / sqrt(width / heads)");
  }

  void check_ffn(const layers::TokenFfn* layer, const std::string& path) const {
    require(layer != nullptr, path, "is not the token_ffn that ends a block");
    require(layer->activation == graph::Activation::kGelu, path,
            "has the activation " + std::string(core::word_of(layer->activation)) + ", not gelu");
    require(!layer->post_norm, path, "norms behind the branch, not before it");
    require(layer->epsilon == layers::kTokenNormEpsilon, path, "has another epsilon than 1e-6");
  }

  void walk_head() {
    require(spec_.heads.size() == 1, "heads", "are more than one");
    const auto* head = std::get_if<layers::TokenHead>(&spec_.heads.front());
    require(head != nullptr && *head == layers::TokenHead{head->classes}, "heads.0",
            "is not a token_head that reads the class token");
    places_["heads.0"] = "head.";
  }

  void walk_distilled_heads() {
    require(spec_.heads.size() == 2, "heads", "are not the two of distillation");
    const auto* first = std::get_if<layers::TokenHead>(&spec_.heads.front());
    for (std::size_t i = 0; i < 2; ++i) {
      const std::string path = "heads." + std::to_string(i);
      const auto* head = std::get_if<layers::TokenHead>(&spec_.heads[i]);
      const layers::TokenHead wanted{.classes = first == nullptr ? 0 : first->classes,
                                     .token = static_cast<graph::Index>(i),
                                     .norm = false};
      require(head != nullptr && *head == wanted, path,
              "is not a token_head without norm that reads class token " + std::to_string(i) +
                  ", with as many classes as the other");
      places_[path] = i == 0 ? "head." : "head_dist.";
    }
  }

  const architecture::ModelSpec& spec_;
  WeightLayout layout_;
  LayerPlaces places_;
};

}  // namespace

LayerPlaces vit_places(const architecture::ModelSpec& spec, WeightLayout layout) {
  return VitWalk(spec, layout).run();
}

}  // namespace vitlab::interop
