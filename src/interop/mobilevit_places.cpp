#include <cmath>

#include "interop/layer_places.h"

namespace vitlab::interop {

namespace {

/// Walks a spec in the order of timm's MobileViT (a ByobNet): "stages.i.j" is block j of the i-th
/// width; the layers of the stem's width, if there are any, are the first blocks.
class MobileVitWalk {
 public:
  MobileVitWalk(const architecture::ModelSpec& spec, WeightLayout layout)
      : spec_(spec), layout_(layout) {}

  LayerPlaces run() {
    require(layout_ == WeightLayout::kTimm, "stem",
            "begins a MobileViT, whose official names are not known here");
    walk_stem();
    graph::Index number = 0;
    for (std::size_t i = 0; i < spec_.stages.size(); ++i)
      if (i > 0 || !spec_.stages[i].layers.empty())
        walk_stage(i, "stages." + std::to_string(number++) + ".");
    walk_head();
    return std::move(places_);
  }

 private:
  void require(bool holds, const std::string& path, const std::string& reason) const {
    if (!holds) refuse_layout(layout_, path, reason);
  }

  void require_style(graph::Norm norm, graph::Activation activation,
                     const std::string& path) const {
    require(norm == graph::Norm::kBatch, path,
            "has the norm " + std::string(core::word_of(norm)) + ", not batch");
    require(activation == activation_, path, "has another activation than the stem");
  }

  void walk_stem() {
    const auto& stem = std::get<layers::SingleConvolutionStem>(spec_.stem);
    require(stem.kernel == 3 && stem.stride == 2, "stem",
            "has another kernel than 3 or another stride than 2");
    activation_ = stem.activation;
    require_style(stem.norm, stem.activation, "stem");
    places_["stem"] = "stem.";
  }

  void walk_stage(std::size_t i, const std::string& start) {
    const architecture::Stage& stage = spec_.stages[i];
    const std::string path = "stages." + std::to_string(i);
    graph::Index number = 0;
    const auto next = [&] { return start + std::to_string(number++) + "."; };
    if (stage.downsample) {
      const auto* down = std::get_if<layers::InvertedResidualDownsample>(&*stage.downsample);
      require(down != nullptr, path + ".downsample", "is not inverted_residual_downsample");
      check_block(*down, path + ".downsample");
      places_[path + ".downsample"] = next();
    }
    for (std::size_t j = 0; j < stage.layers.size(); ++j) {
      const std::string layer = path + ".layers." + std::to_string(j);
      if (const auto* block = std::get_if<layers::InvertedResidual>(&stage.layers[j]))
        check_block(*block, layer);
      else
        check_mobilevit(std::get_if<layers::MobileVitLayer>(&stage.layers[j]), layer);
      places_[layer] = next();
    }
  }

  template <typename Block>
  void check_block(const Block& block, const std::string& path) const {
    require_style(block.norm, block.activation, path);
    require(block.kernel == 3 && block.squeeze == 0, path,
            "has another kernel than 3 or squeeze-and-excitation");
    require(block.hidden % 8 == 0, path,
            "has a hidden of " + std::to_string(block.hidden) + ", no multiple of 8");
  }

  void check_mobilevit(const layers::MobileVitLayer* layer, const std::string& path) const {
    require(layer != nullptr, path, "is neither inverted_residual nor mobilevit");
    require_style(layer->norm, layer->activation, path);
    require(layer->kernel == 3, path, "has another kernel than 3");
    require(layer->width % layer->heads == 0, path, "has heads that do not divide its width");
    const graph::Index size = layer->width / layer->heads;
    require(layer->qk == layer->v && layer->qk.uniform() && layer->qk[0] == size, path,
            "has heads of other sizes than width / heads (" + std::to_string(size) + ")");
    const double scale = 1.0 / std::sqrt(static_cast<double>(size));
    require(std::abs(layer->scale - scale) <= 1e-12 * scale, path,
            "scales by something else than 1 / sqrt(width / heads)");
    for (const graph::Index hidden : layer->hidden)
      require(hidden == layer->hidden.front(), path, "has FFNs of unequal size");
  }

  void walk_head() {
    require(spec_.heads.size() == 1, "heads", "are more than one");
    const auto* head = std::get_if<layers::ConvolutionHead>(&spec_.heads.front());
    require(head != nullptr && head->hidden == 0, "heads.0",
            "is not a convolution_head without hidden channels");
    require_style(head->norm, head->activation, "heads.0");
    places_["heads.0"] = "";
  }

  const architecture::ModelSpec& spec_;
  WeightLayout layout_;
  LayerPlaces places_;
  graph::Activation activation_ = graph::Activation::kSilu;
};

}  // namespace

bool is_mobilevit(const architecture::ModelSpec& spec) {
  for (const architecture::Stage& stage : spec.stages)
    for (const layers::Layer& layer : stage.layers)
      if (std::holds_alternative<layers::MobileVitLayer>(layer))
        return std::holds_alternative<layers::SingleConvolutionStem>(spec.stem);
  return false;
}

LayerPlaces mobilevit_places(const architecture::ModelSpec& spec, WeightLayout layout) {
  return MobileVitWalk(spec, layout).run();
}

}  // namespace vitlab::interop
