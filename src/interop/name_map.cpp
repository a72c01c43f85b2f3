#include "interop/name_map.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/error.h"
#include "core/names.h"
#include "core/text.h"
#include "interop/layer_places.h"

namespace vitlab::interop {

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
    {layers::ConvolutionStem::kName, "conv1.", "conv1.", "0."},
    {layers::ConvolutionStem::kName, "conv2.", "conv2.", "2."},
    {layers::ConvolutionStem::kName, "conv3.", "conv3.", "4."},
    {layers::ConvolutionStem::kName, "conv4.", "conv4.", "6."},
    {layers::DepthwiseLayer::kName, "mix.", "", ""},
    {layers::FfnLayer::kName, "expand.", "pw1.", "pw1."},
    {layers::FfnLayer::kName, "project.", "pw2.", "pw2."},
    {layers::SubsampleLayer::kName, "expand.", "conv1.", "conv1."},
    {layers::SubsampleLayer::kName, "reduce.", "conv2.", "conv2."},
    {layers::SubsampleLayer::kName, "squeeze.reduce.", "se.fc1.", "se.fc1."},
    {layers::SubsampleLayer::kName, "squeeze.expand.", "se.fc2.", "se.fc2."},
    {layers::SubsampleLayer::kName, "project.", "conv3.", "conv3."},
    {layers::CascadedAttention::kName, "bias", "attention_biases", "attention_biases"},
    {layers::CascadedAttention::kName, "heads.#.qkv.", "qkvs.#.", "qkvs.#."},
    {layers::CascadedAttention::kName, "heads.#.interact.", "dws.#.", "dws.#."},
    {layers::CascadedAttention::kName, "project.", "proj.1.", "proj.1."},
    {layers::NormLinearHead::kName, "norm.", "bn.", "bn."},
    {layers::NormLinearHead::kName, "linear.", "linear.", "l."},
    {layers::PatchStem::kName, "projection.", "patch_embed.proj.", "patch_embed.proj."},
    {layers::PatchStem::kName, "class_token", "cls_token", "cls_token"},
    {layers::PatchStem::kName, "position_embedding", "pos_embed", "pos_embed"},
    {layers::TokenAttention::kName, "norm.", "norm1.", "norm1."},
    {layers::TokenAttention::kName, "qkv.", "attn.qkv.", "attn.qkv."},
    {layers::TokenAttention::kName, "project.", "attn.proj.", "attn.proj."},
    {layers::TokenFfn::kName, "norm.", "norm2.", "norm2."},
    {layers::TokenFfn::kName, "expand.", "mlp.fc1.", "mlp.fc1."},
    {layers::TokenFfn::kName, "project.", "mlp.fc2.", "mlp.fc2."},
    {layers::PatchMapStem::kName, "projection.", "proj.", "proj."},
    {layers::PatchMapStem::kName, "norm.", "norm.", "norm."},
    {layers::PatchMerging::kName, "norm.", "norm.", "norm."},
    {layers::PatchMerging::kName, "reduction.", "reduction.", "reduction."},
    {layers::ShiftedAttention::kName, "norm.", "norm1.", "norm1."},
    {layers::ShiftedAttention::kName, "qkv.", "attn.qkv.", "attn.qkv."},
    {layers::ShiftedAttention::kName, "bias", "attn.relative_position_bias_table",
     "attn.relative_position_bias_table"},
    {layers::ShiftedAttention::kName, "project.", "attn.proj.", "attn.proj."},
    {layers::CosineAttention::kName, "norm.", "norm1.", "norm1."},
    {layers::CosineAttention::kName, "qkv.", "attn.qkv.", "attn.qkv."},
    {layers::CosineAttention::kName, "q_bias", "attn.q_bias", "attn.q_bias"},
    {layers::CosineAttention::kName, "v_bias", "attn.v_bias", "attn.v_bias"},
    {layers::CosineAttention::kName, "logit_scale", "attn.logit_scale", "attn.logit_scale"},
    {layers::CosineAttention::kName, "bias.expand.", "attn.cpb_mlp.0.", "attn.cpb_mlp.0."},
    {layers::CosineAttention::kName, "bias.project.", "attn.cpb_mlp.2.", "attn.cpb_mlp.2."},
    {layers::CosineAttention::kName, "project.", "attn.proj.", "attn.proj."},
    {layers::TokenNorm::kName, "norm.", "norm.", "norm."},
    {layers::TokenHead::kName, "norm.", "/norm.", "/norm."},
    {layers::TokenHead::kName, "linear.", "", ""},
    {layers::SingleConvolutionStem::kName, "conv1.conv.", "conv_stem.", ""},
    {layers::SingleConvolutionStem::kName, "conv1.norm.", "bn1.", ""},
    {layers::DepthwiseSeparable::kName, "depthwise.conv.", "conv_dw.", ""},
    {layers::DepthwiseSeparable::kName, "depthwise.norm.", "bn1.", ""},
    {layers::DepthwiseSeparable::kName, "squeeze.reduce.", "se.conv_reduce.", ""},
    {layers::DepthwiseSeparable::kName, "squeeze.expand.", "se.conv_expand.", ""},
    {layers::DepthwiseSeparable::kName, "project.conv.", "conv_pw.", ""},
    {layers::DepthwiseSeparable::kName, "project.norm.", "bn2.", ""},
    {layers::InvertedResidual::kName, "expand.conv.", "conv_pw.", ""},
    {layers::InvertedResidual::kName, "expand.norm.", "bn1.", ""},
    {layers::InvertedResidual::kName, "depthwise.conv.", "conv_dw.", ""},
    {layers::InvertedResidual::kName, "depthwise.norm.", "bn2.", ""},
    {layers::InvertedResidual::kName, "squeeze.reduce.", "se.conv_reduce.", ""},
    {layers::InvertedResidual::kName, "squeeze.expand.", "se.conv_expand.", ""},
    {layers::InvertedResidual::kName, "project.conv.", "conv_pwl.", ""},
    {layers::InvertedResidual::kName, "project.norm.", "bn3.", ""},
    {layers::ConvolutionHead::kName, "features.conv.", "conv_head.", ""},
    {layers::ConvolutionHead::kName, "features.norm.", "bn2.", ""},
    {layers::ConvolutionHead::kName, "linear.", "classifier.", ""},
    {kMobileVitStem, "conv1.", "", ""},
    {kMobileVitResidual, "expand.", "conv1_1x1.", ""},
    {kMobileVitResidual, "depthwise.", "conv2_kxk.", ""},
    {kMobileVitResidual, "project.", "conv3_1x1.", ""},
    {kMobileVitHead, "features.", "final_conv.", ""},
    {kMobileVitHead, "linear.", "head.fc.", ""},
    {layers::MobileVitLayer::kName, "local.", "conv_kxk.", ""},
    {layers::MobileVitLayer::kName, "embed.", "conv_1x1.", ""},
    {layers::MobileVitLayer::kName, "blocks.#.attention.norm.", "transformer.#.norm1.", ""},
    {layers::MobileVitLayer::kName, "blocks.#.attention.qkv.", "transformer.#.attn.qkv.", ""},
    {layers::MobileVitLayer::kName, "blocks.#.attention.project.", "transformer.#.attn.proj.", ""},
    {layers::MobileVitLayer::kName, "blocks.#.ffn.norm.", "transformer.#.norm2.", ""},
    {layers::MobileVitLayer::kName, "blocks.#.ffn.expand.", "transformer.#.mlp.fc1.", ""},
    {layers::MobileVitLayer::kName, "blocks.#.ffn.project.", "transformer.#.mlp.fc2.", ""},
    {layers::MobileVitLayer::kName, "norm.", "norm.", ""},
    {layers::MobileVitLayer::kName, "project.", "conv_proj.", ""},
    {layers::MobileVitLayer::kName, "fuse.", "conv_fusion.", ""},
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
    {layers::PatchStem::kName, "class_token", 1, {"cls_token", "dist_token"}},
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
std::string_view named_kind(const architecture::ModelSpec& spec, std::string_view kind) {
  if (kind == layers::DepthwiseSeparableDownsample::kName) return layers::DepthwiseSeparable::kName;
  const bool is_residual =
      kind == layers::InvertedResidual::kName || kind == layers::InvertedResidualDownsample::kName;
  if (is_mobilevit(spec)) {
    if (is_residual) return kMobileVitResidual;
    if (kind == layers::SingleConvolutionStem::kName) return kMobileVitStem;
    return kind == layers::ConvolutionHead::kName ? kMobileVitHead : kind;
  }
  if (is_residual) return layers::InvertedResidual::kName;
  if (kind != layers::ConvolutionHead::kName) return kind;
  const auto* head = std::get_if<layers::ConvolutionHead>(&spec.heads.front());
  return head != nullptr && head->hidden > 0 ? kV3Head : kind;
}

/// The name of a parameter inside its layer, in the words of the layout.
std::string name_in_layer(std::string_view kind, std::string_view name, WeightLayout layout) {
  const auto part = renamed(kind, name, kParts, layout);
  core::ensure(part.has_value(), "every parameter of a layer that a layout holds has a name there");
  const auto inside = renamed("", part->rest, kInsideParts, layout);
  return inside ? part->start + inside->start + std::string(inside->rest)
                : part->start + std::string(part->rest);
}

std::string placed(const std::string& place, const std::string& name) {
  return name.starts_with('/') ? name.substr(1) : place + name;
}

const PairName* pair_of(std::string_view kind, const graph::Parameter& parameter) {
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
LayerPlaces places_of(const architecture::ModelSpec& spec, const graph::Graph& graph,
                      WeightLayout layout, NameUse use) {
  if (std::holds_alternative<layers::PatchStem>(spec.stem)) return vit_places(spec, layout);
  if (std::holds_alternative<layers::PatchMapStem>(spec.stem))
    return swin_places(spec, layout, use);
  if (is_mobilevit(spec)) return mobilevit_places(spec, layout);
  if (std::holds_alternative<layers::SingleConvolutionStem>(spec.stem))
    return cnn_places(spec, layout);
  return efficientvit_places(spec, graph, layout, use);
}

}  // namespace

LayoutRefusal::LayoutRefusal(WeightLayout layout, const std::string& path,
                             const std::string& reason)
    : core::UserError("layout " + std::string(layout_name(layout)) + " cannot hold this model: " +
                      path + " " + reason + "; use layout vitlab, which holds every model"),
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
  throw core::UserError("unknown layout " + core::quoted_clip(name) +
                        " (vitlab, timm or official)" +
                        core::did_you_mean(name, {kLayouts.begin(), kLayouts.end()}));
}

bool had_official_names(const architecture::ModelSpec& spec) {
  return std::holds_alternative<layers::PatchMapStem>(spec.stem);
}

graph::Shape foreign_shape(const NameMapEntry& entry, const graph::Graph& graph) {
  graph::Shape shape = graph.parameter(entry.parameter).shape;
  if (entry.is_part()) shape[entry.dim] = entry.size;
  return shape;
}

std::vector<NameMapEntry> name_map(const architecture::ModelSpec& spec, const graph::Graph& graph,
                                   WeightLayout layout, NameUse use) {
  LayerPlaces places;
  if (layout != WeightLayout::kVitlab) places = places_of(spec, graph, layout, use);
  std::vector<NameMapEntry> map;
  for (const graph::ParameterId id : graph.parameters.ids()) {
    const graph::Parameter& parameter = graph.parameter(id);
    NameMapEntry entry{id, graph.parameter_name(id), graph.parameter_name(id), false};
    if (layout == WeightLayout::kVitlab) {
      map.push_back(std::move(entry));
      continue;
    }
    const graph::LayerInfo& layer = graph.layer(parameter.layer);
    const std::string& place = places.at(layer.path);
    if (const PairName* pair = pair_of(layer.kind, parameter)) {
      add_pair(map, entry, *pair, place);
      continue;
    }
    entry.foreign_name =
        placed(place, name_in_layer(named_kind(spec, layer.kind), parameter.name, layout));
    const graph::Shape& shape = parameter.shape;
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

}  // namespace vitlab::interop
