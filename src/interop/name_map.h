#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "architecture/model_spec.h"
#include "core/error.h"
#include "graph/graph.h"

namespace vitlab::interop {

/// Whose names the tensors of a file of weights have: vitlab's own, timm's (efficientvit_msra.py,
/// vision_transformer.py, swin_transformer.py, swin_transformer_v2.py), or those of the papers'
/// code (microsoft/Cream's EfficientViT; facebookresearch/deit, whose names are timm's;
/// microsoft/Swin-Transformer).
enum class WeightLayout : std::uint8_t { kVitlab, kTimm, kOfficial };

/// What the names are for: reading needs them alone, writing also a model of that code that
/// computes the same from this image size.
enum class NameUse : std::uint8_t { kRead, kWrite };

std::string_view layout_name(WeightLayout layout);
/// The inverse of layout_name; throws UserError with the nearest name.
WeightLayout layout_from_name(std::string_view name);

/// Says why no model of a layout's code has these layers and sizes: `path` names the layer.
class LayoutRefusal : public core::UserError {
 public:
  LayoutRefusal(WeightLayout layout, const std::string& path, const std::string& reason);

  const std::string& path() const { return path_; }
  const std::string& reason() const { return reason_; }

 private:
  std::string path_, reason_;
};

/// One tensor of a layout and the parameter that it is, or is a part of; shapes agree in every
/// layout, but for `may_be_flat`.
struct NameMapEntry {
  graph::ParameterId parameter;
  std::string name;          // vitlab's
  std::string foreign_name;  // the layout's
  /// A 1x1 convolution (O, I, 1, 1) that a file of this layout may hold as (O, I).
  bool may_be_flat = false;
  /// The tensor is [begin, begin + size) of the parameter's dimension `dim`; size 0: all of it.
  int dim = 0;
  graph::Index begin = 0, size = 0;

  bool is_part() const { return size > 0; }
};

/// The shape that the layout's tensor has.
graph::Shape foreign_shape(const NameMapEntry& entry, const graph::Graph& graph);

/// The names of every parameter of `graph` (built from `spec`), in its order; the parts of one
/// parameter follow each other and make up the whole. Throws LayoutRefusal if no model of that code
/// has these layers and sizes.
std::vector<NameMapEntry> name_map(const architecture::ModelSpec& spec, const graph::Graph& graph,
                                   WeightLayout layout, NameUse use = NameUse::kWrite);

/// Whether timm before 0.9 called the parts of such a model as the official code does (Swin).
bool had_official_names(const architecture::ModelSpec& spec);

/// Whether a tensor of a foreign file says nothing about the model: counters of batch norms, and
/// the buffers of attention: indices and coordinates of position biases, masks of shifted windows.
bool is_bookkeeping(std::string_view foreign_name, WeightLayout layout);

/// The counters that the layout keeps beside each running variance (int64 scalars), sorted by name.
std::vector<std::string> counter_names(const std::vector<NameMapEntry>& map, WeightLayout layout);

}  // namespace vitlab::interop
