#include "interop/name_map.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/error.h"
#include "core/names.h"
#include "core/text.h"
#include "interop/layer_places.h"

namespace vitlab {

namespace {

constexpr std::array<std::string_view, 3> kLayouts{"vitlab", "timm", "official"};

/// What a part of a layer is called; '#' stands for the same number in every column, and a name
/// that begins with '/' stands at the root, wherever its layer is.
struct PartName {
  std::string_view kind, own, timm, official;
};

/// A convolution_head with hidden channels, which timm's MobileNetV3 calls otherwise.
constexpr std::string_view kV3Head = "convolution_head with hidden";

/// Layers that timm's MobileViT calls otherwise than its MobileNets.
constexpr std::string_view kMobileVitStem = "convolution of MobileViT";
constexpr std::string_view kMobileVitResidual = "inverted_residual of MobileViT";
constexpr std::string_view kMobileVitHead = "convolution_head of MobileViT";

constexpr PartName kParts[] = {
    {ConvolutionStem::kName, "conv1.", "conv1.", "0."},
    {ConvolutionStem::kName, "conv2.", "conv2.", "2."},
    {ConvolutionStem::kName, "conv3.", "conv3.", "4."},
    {ConvolutionStem::kName, "conv4.", "conv4.", "6."},
    {DepthwiseLayer::kName, "mix.", "", ""},
    {FfnLayer::kName, "expand.", "pw1.", "pw1."},
    {FfnLayer::kName, "project.", "pw2.", "pw2."},
    {SubsampleLayer::kName, "expand.", "conv1.", "conv1."},
    {SubsampleLayer::kName, "reduce.", "conv2.", "conv2."},
    {SubsampleLayer::kName, "squeeze.reduce.", "se.fc1.", "se.fc1."},
    {SubsampleLayer::kName, "squeeze.expand.", "se.fc2.", "se.fc2."},
    {SubsampleLayer::kName, "project.", "conv3.", "conv3."},
    {CascadedAttention::kName, "bias", "attention_biases", "attention_biases"},
    {CascadedAttention::kName, "heads.#.qkv.", "qkvs.#.", "qkvs.#."},
    {CascadedAttention::kName, "heads.#.interact.", "dws.#.", "dws.#."},
    {CascadedAttention::kName, "project.", "proj.1.", "proj.1."},
    {NormLinearHead::kName, "norm.", "bn.", "bn."},
    {NormLinearHead::kName, "linear.", "linear.", "l."},
    {PatchStem::kName, "projection.", "patch_embed.proj.", "patch_embed.proj."},
    {PatchStem::kName, "class_token", "cls_token", "cls_token"},
    {PatchStem::kName, "position_embedding", "pos_embed", "pos_embed"},
    {TokenAttention::kName, "norm.", "norm1.", "norm1."},
    {TokenAttention::kName, "qkv.", "attn.qkv.", "attn.qkv."},
    {TokenAttention::kName, "project.", "attn.proj.", "attn.proj."},
    {TokenFfn::kName, "norm.", "norm2.", "norm2."},
    {TokenFfn::kName, "expand.", "mlp.fc1.", "mlp.fc1."},
    {TokenFfn::kName, "project.", "mlp.fc2.", "mlp.fc2."},
    {PatchMapStem::kName, "projection.", "proj.", "proj."},
    {PatchMapStem::kName, "norm.", "norm.", "norm."},
    {PatchMerging::kName, "norm.", "norm.", "norm."},
    {PatchMerging::kName, "reduction.", "reduction.", "reduction."},
    {ShiftedAttention::kName, "norm.", "norm1.", "norm1."},
    {ShiftedAttention::kName, "qkv.", "attn.qkv.", "attn.qkv."},
    {ShiftedAttention::kName, "bias", "attn.relative_position_bias_table",
     "attn.relative_position_bias_table"},
    {ShiftedAttention::kName, "project.", "attn.proj.", "attn.proj."},
    {CosineAttention::kName, "norm.", "norm1.", "norm1."},
    {CosineAttention::kName, "qkv.", "attn.qkv.", "attn.qkv."},
    {CosineAttention::kName, "q_bias", "attn.q_bias", "attn.q_bias"},
    {CosineAttention::kName, "v_bias", "attn.v_bias", "attn.v_bias"},
    {CosineAttention::kName, "logit_scale", "attn.logit_scale", "attn.logit_scale"},
    {CosineAttention::kName, "bias.expand.", "attn.cpb_mlp.0.", "attn.cpb_mlp.0."},
    {CosineAttention::kName, "bias.project.", "attn.cpb_mlp.2.", "attn.cpb_mlp.2."},
    {CosineAttention::kName, "project.", "attn.proj.", "attn.proj."},
    {TokenNorm::kName, "norm.", "norm.", "norm."},
    {TokenHead::kName, "norm.", "/norm.", "/norm."},
    {TokenHead::kName, "linear.", "", ""},
    {SingleConvolutionStem::kName, "conv1.conv.", "conv_stem.", ""},
    {SingleConvolutionStem::kName, "conv1.norm.", "bn1.", ""},
    {DepthwiseSeparable::kName, "depthwise.conv.", "conv_dw.", ""},
    {DepthwiseSeparable::kName, "depthwise.norm.", "bn1.", ""},
    {DepthwiseSeparable::kName, "squeeze.reduce.", "se.conv_reduce.", ""},
    {DepthwiseSeparable::kName, "squeeze.expand.", "se.conv_expand.", ""},
    {DepthwiseSeparable::kName, "project.conv.", "conv_pw.", ""},
    {DepthwiseSeparable::kName, "project.norm.", "bn2.", ""},
    {InvertedResidual::kName, "expand.conv.", "conv_pw.", ""},
    {InvertedResidual::kName, "expand.norm.", "bn1.", ""},
    {InvertedResidual::kName, "depthwise.conv.", "conv_dw.", ""},
    {InvertedResidual::kName, "depthwise.norm.", "bn2.", ""},
    {InvertedResidual::kName, "squeeze.reduce.", "se.conv_reduce.", ""},
    {InvertedResidual::kName, "squeeze.expand.", "se.conv_expand.", ""},
    {InvertedResidual::kName, "project.conv.", "conv_pwl.", ""},
    {InvertedResidual::kName, "project.norm.", "bn3.", ""},
    {ConvolutionHead::kName, "features.conv.", "conv_head.", ""},
    {ConvolutionHead::kName, "features.norm.", "bn2.", ""},
    {ConvolutionHead::kName, "linear.", "classifier.", ""},
    {kMobileVitStem, "conv1.", "", ""},
    {kMobileVitResidual, "expand.", "conv1_1x1.", ""},
    {kMobileVitResidual, "depthwise.", "conv2_kxk.", ""},
    {kMobileVitResidual, "project.", "conv3_1x1.", ""},
    {kMobileVitHead, "features.", "final_conv.", ""},
    {kMobileVitHead, "linear.", "head.fc.", ""},
    {MobileVitLayer::kName, "local.", "conv_kxk.", ""},
    {MobileVitLayer::kName, "embed.", "conv_1x1.", ""},
    {MobileVitLayer::kName, "blocks.#.attention.norm.", "transformer.#.norm1.", ""},
    {MobileVitLayer::kName, "blocks.#.attention.qkv.", "transformer.#.attn.qkv.", ""},
    {MobileVitLayer::kName, "blocks.#.attention.project.", "transformer.#.attn.proj.", ""},
    {MobileVitLayer::kName, "blocks.#.ffn.norm.", "transformer.#.norm2.", ""},
    {MobileVitLayer::kName, "blocks.#.ffn.expand.", "transformer.#.mlp.fc1.", ""},
    {MobileVitLayer::kName, "blocks.#.ffn.project.", "transformer.#.mlp.fc2.", ""},
    {MobileVitLayer::kName, "norm.", "norm.", ""},
    {MobileVitLayer::kName, "project.", "conv_proj.", ""},
    {MobileVitLayer::kName, "fuse.", "conv_fusion.", ""},
    {kV3Head, "features.conv.", "conv.", ""},
    {kV3Head, "features.norm.", "bn1.", ""},
    {kV3Head, "hidden.", "/conv_head.", ""},
    {kV3Head, "linear.", "/classifier.", ""},
};

/// How a convolution and its norm are called inside a part.
constexpr PartName kInsideParts[] = {
    {"", "conv.", "conv.", "c."},
    {"", "norm.", "bn.", "bn."},
};

/// A parameter that the layouts hold as two tensors, one for each unit of dimension `dim`.
struct PairName {
  std::string_view kind, own;
  int dim;
  std::array<std::string_view, 2> foreign;
};

constexpr PairName kPairs[] = {
    {PatchStem::kName, "class_token", 1, {"cls_token", "dist_token"}},
};

struct Renamed {
  std::string start;
  std::string_view rest;  // of the name that was cut
};

/// Cuts `own` off the start of `name` and puts `other` in its place; nothing if it starts
/// otherwise.
std::optional<Renamed> renamed(std::string_view name, std::string_view own,
                               std::string_view other) {
  const std::size_t mark = own.find('#');
  if (mark == std::string_view::npos) {
    if (!name.starts_with(own)) return std::nullopt;
    return Renamed{std::string(other), name.substr(own.size())};
  }
  if (!name.starts_with(own.substr(0, mark))) return std::nullopt;
  const std::size_t end = name.find('.', mark);
  const std::string_view behind = own.substr(mark + 1);
  if (end == std::string_view::npos || !name.substr(end).starts_with(behind)) return std::nullopt;
  std::string start(other);
  start.replace(start.find('#'), 1, name.substr(mark, end - mark));
  return Renamed{std::move(start), name.substr(end + behind.size())};
}

template <std::size_t N>
std::optional<Renamed> renamed(std::string_view kind, std::string_view name,
                               const PartName (&parts)[N], WeightLayout layout) {
  for (const PartName& part : parts) {
    if (part.kind != kind) continue;
    const bool official = layout == WeightLayout::kOfficial;
    if (auto result = renamed(name, part.own, official ? part.official : part.timm)) return result;
  }
  return std::nullopt;
}

/// The kind under which kParts has the parts of a layer.
std::string_view named_kind(const ModelSpec& spec, std::string_view kind) {
  if (kind == DepthwiseSeparableDownsample::kName) return DepthwiseSeparable::kName;
  const bool is_residual =
      kind == InvertedResidual::kName || kind == InvertedResidualDownsample::kName;
  if (is_mobilevit(spec)) {
    if (is_residual) return kMobileVitResidual;
    if (kind == SingleConvolutionStem::kName) return kMobileVitStem;
    return kind == ConvolutionHead::kName ? kMobileVitHead : kind;
  }
  if (is_residual) return InvertedResidual::kName;
  if (kind != ConvolutionHead::kName) return kind;
  const auto* head = std::get_if<ConvolutionHead>(&spec.heads.front());
  return head != nullptr && head->hidden > 0 ? kV3Head : kind;
}

/// The name of a parameter inside its layer, in the words of the layout.
std::string name_in_layer(std::string_view kind, std::string_view name, WeightLayout layout) {
  const auto part = renamed(kind, name, kParts, layout);
  ensure(part.has_value(), "every parameter of a layer that a layout holds has a name there");
  const auto inside = renamed("", part->rest, kInsideParts, layout);
  return inside ? part->start + inside->start + std::string(inside->rest)
                : part->start + std::string(part->rest);
}

std::string placed(const std::string& place, const std::string& name) {
  return name.starts_with('/') ? name.substr(1) : place + name;
}

const PairName* pair_of(std::string_view kind, const Parameter& parameter) {
  for (const PairName& pair : kPairs)
    if (pair.kind == kind && pair.own == parameter.name && parameter.shape[pair.dim] == 2)
      return &pair;
  return nullptr;
}

/// `whole` as the two tensors of a pair.
void add_pair(std::vector<NameMapEntry>& map, NameMapEntry whole, const PairName& pair,
              const std::string& place) {
  whole.dim = pair.dim;
  whole.size = 1;
  for (const std::string_view name : pair.foreign) {
    whole.foreign_name = place + std::string(name);
    map.push_back(whole);
    ++whole.begin;
  }
}

/// The stem says which family's code may hold the model.
LayerPlaces places_of(const ModelSpec& spec, const Graph& graph, WeightLayout layout) {
  if (std::holds_alternative<PatchStem>(spec.stem)) return vit_places(spec, layout);
  if (std::holds_alternative<PatchMapStem>(spec.stem)) return swin_places(spec, layout);
  if (is_mobilevit(spec)) return mobilevit_places(spec, layout);
  if (std::holds_alternative<SingleConvolutionStem>(spec.stem)) return cnn_places(spec, layout);
  return efficientvit_places(spec, graph, layout);
}

}  // namespace

LayoutRefusal::LayoutRefusal(WeightLayout layout, const std::string& path,
                             const std::string& reason)
    : UserError("layout " + std::string(layout_name(layout)) + " cannot hold this model: " + path +
                " " + reason + "; use layout vitlab, which holds every model"),
      path_(path),
      reason_(reason) {}

void refuse_layout(WeightLayout layout, const std::string& path, const std::string& reason) {
  throw LayoutRefusal(layout, path, reason);
}

std::string_view layout_name(WeightLayout layout) {
  return kLayouts[static_cast<std::size_t>(layout)];
}

WeightLayout layout_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kLayouts.size(); ++i)
    if (kLayouts[i] == name) return static_cast<WeightLayout>(i);
  throw UserError("unknown layout " + quoted_clip(name) + " (vitlab, timm or official)" +
                  did_you_mean(name, {kLayouts.begin(), kLayouts.end()}));
}

Shape foreign_shape(const NameMapEntry& entry, const Graph& graph) {
  Shape shape = graph.parameter(entry.parameter).shape;
  if (entry.is_part()) shape[entry.dim] = entry.size;
  return shape;
}

std::vector<NameMapEntry> name_map(const ModelSpec& spec, const Graph& graph, WeightLayout layout) {
  LayerPlaces places;
  if (layout != WeightLayout::kVitlab) places = places_of(spec, graph, layout);
  std::vector<NameMapEntry> map;
  for (std::size_t i = 0; i < graph.parameters.size(); ++i) {
    const auto id = static_cast<ParameterId>(i);
    const Parameter& parameter = graph.parameters[i];
    NameMapEntry entry{id, graph.parameter_name(id), graph.parameter_name(id), false};
    if (layout == WeightLayout::kVitlab) {
      map.push_back(std::move(entry));
      continue;
    }
    const LayerInfo& layer = graph.layer(parameter.layer);
    const std::string& place = places.at(layer.path);
    if (const PairName* pair = pair_of(layer.kind, parameter)) {
      add_pair(map, entry, *pair, place);
      continue;
    }
    entry.foreign_name =
        placed(place, name_in_layer(named_kind(spec, layer.kind), parameter.name, layout));
    const Shape& shape = parameter.shape;
    entry.may_be_flat =
        layout == WeightLayout::kOfficial && shape.rank() == 4 && shape[2] == 1 && shape[3] == 1;
    map.push_back(std::move(entry));
  }
  return map;
}

bool is_bookkeeping(std::string_view foreign_name, WeightLayout layout) {
  if (layout == WeightLayout::kVitlab) return false;
  for (const std::string_view end :
       {".num_batches_tracked", ".attention_bias_idxs", ".relative_position_index", ".attn_mask",
        ".relative_coords_table"})
    if (foreign_name.ends_with(end)) return true;
  return false;
}

std::vector<std::string> counter_names(const std::vector<NameMapEntry>& map, WeightLayout layout) {
  std::vector<std::string> names;
  if (layout == WeightLayout::kVitlab) return names;
  constexpr std::string_view kVariance = "running_var";
  for (const NameMapEntry& entry : map)
    if (entry.foreign_name.ends_with(kVariance))
      names.push_back(entry.foreign_name.substr(0, entry.foreign_name.size() - kVariance.size()) +
                      "num_batches_tracked");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace vitlab
