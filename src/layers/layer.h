#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/config_reader.h"
#include "core/json.h"
#include "layers/attention_layers.h"
#include "layers/convolution_ends.h"
#include "layers/expert_layers.h"
#include "layers/head_layers.h"
#include "layers/inverted_residual.h"
#include "layers/layer_counts.h"
#include "layers/map_layers.h"
#include "layers/mobilevit_layer.h"
#include "layers/pixel_layers.h"
#include "layers/stem_layers.h"
#include "layers/token_layers.h"

namespace vitlab::layers {

/// Every layer kind. This list is the only registry: a kind added here that lacks kName, kRole,
/// fields(), check() or write() does not compile, and every law of tests/layers runs over it. A
/// kind may also have splits(), counts() and follow_width(), behind the functions of those names
/// here.
using Layer =
    std::variant<ConvolutionStem, PatchStem, DepthwiseLayer, FfnLayer, FullAttention,
                 WindowAttention, GroupedAttention, CascadedAttention, SubsampleLayer,
                 TokenAttention, TokenFfn, TokenNorm, ExpertFfn, PatchMapStem, PatchMerging,
                 ShiftedAttention, CosineAttention, NormLinearHead, TokenHead,
                 SingleConvolutionStem, DepthwiseSeparable, DepthwiseSeparableDownsample,
                 InvertedResidual, InvertedResidualDownsample, ConvolutionHead, MobileVitLayer>;

std::string_view layer_kind(const Layer& layer);
graph::LayerRole layer_role(const Layer& layer);
std::vector<std::string> layer_kind_names();

/// The equal splits of the embedding that the layer reads: its heads if each has its own split.
graph::Index splits_needed(const Layer& layer);

/// What the layer counts as: one of its role, if its kind does not say otherwise.
LayerCounts layer_counts(const Layer& layer);

/// What does not fit: settings out of range, an input of the wrong layout, a map too small.
LayerProblems layer_problems(const Layer& layer, const graph::Value& input, graph::Index width);

/// Writes the layer into the graph behind `x`; `out` is the embedding of its stage.
graph::ValueId write_layer(const Layer& layer, graph::LayerWriter& writer, graph::ValueId x,
                           const graph::Extent& out);

/// Reads `kind: {settings}` (a map of one entry); problems go to the reader's document.
std::optional<Layer> read_layer(const core::ConfigReader& parent, const core::ConfigNode& node,
                                const std::string& path);

/// {"kind": {settings}}; settings that equal their defaults are left out unless `with_defaults`.
core::Json layer_json(const Layer& layer, bool with_defaults = false);

/// How many classes a head tells apart; none for other layers.
std::optional<graph::Index> class_count(const Layer& layer);

/// A hash of kind and settings, for caches inside one process.
std::size_t layer_hash(const Layer& layer);

/// Sets the size that `field` (element `index`, or kUnset) has in the layer, as pruning does.
void resize_layer(Layer& layer, std::string_view field, std::int32_t index, graph::Index size);

/// Lets the settings that hang on the stage's width follow it from `before` to `after`.
void follow_width(Layer& layer, graph::Index before, graph::Index after);

/// Removes the heads not in `kept` from every per-head setting.
void keep_heads(Layer& layer, const std::vector<graph::Index>& kept);

}  // namespace vitlab::layers
