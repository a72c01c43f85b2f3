#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/choice.h"
#include "core/ids.h"
#include "graph/id_list.h"
#include "graph/shape.h"

namespace vitlab::graph {

/// The ids of what a graph lists; a default id names nothing.
using AxisId = core::Id<struct AxisTag>;
using LayerId = core::Id<struct LayerTag>;
using NodeId = core::Id<struct NodeTag>;
using ParameterId = core::Id<struct ParameterTag>;
using ValueId = core::Id<struct ValueTag>;
/// No stage, no element of a field, no channel dimension.
constexpr std::int32_t kUnset = -1;

/// What the units of an axis are; pruning selects axes by kind.
enum class AxisKind : std::uint8_t {
  kImage,      // input channels
  kStem,       // widths inside the stem
  kEmbedding,  // a stage's embedding (one split of it)
  kHead,       // heads of one attention layer
  kQk,         // query and key channels of one head
  kV,          // value channels of one head
  kHidden,     // hidden units of an FFN or of a head
  kExpansion,  // hidden channels of a subsampling block or inverted residual, features of a head
  kSqueeze,    // squeezed channels of squeeze-and-excitation
  kClasses,    // outputs of a head
  kExpert,     // experts of a mixture
};

struct AxisKindRow {
  AxisKind value;
  std::string_view word;
  bool is_prunable;  // neither the images nor the labels fix it
};
inline constexpr std::array kAxisKinds{AxisKindRow{AxisKind::kImage, "image", false},
                                       AxisKindRow{AxisKind::kStem, "stem", true},
                                       AxisKindRow{AxisKind::kEmbedding, "embedding", true},
                                       AxisKindRow{AxisKind::kHead, "head", true},
                                       AxisKindRow{AxisKind::kQk, "qk", true},
                                       AxisKindRow{AxisKind::kV, "v", true},
                                       AxisKindRow{AxisKind::kHidden, "hidden", true},
                                       AxisKindRow{AxisKind::kExpansion, "expansion", true},
                                       AxisKindRow{AxisKind::kSqueeze, "squeeze", true},
                                       AxisKindRow{AxisKind::kClasses, "classes", false},
                                       AxisKindRow{AxisKind::kExpert, "expert", false}};
static_assert(core::is_whole(kAxisKinds));
constexpr const auto& choice_rows(AxisKind) { return kAxisKinds; }

/// The name that users write: "embedding", "qk", …
constexpr std::string_view axis_kind_name(AxisKind kind) { return core::word_of(kind); }

/// One named dimension that models can differ in: the FFN hidden of a layer, the QK of a head, one
/// split of a stage's embedding. It knows the field of the spec that sets its size, so that a
/// pruned model can be written down as a spec.
struct Axis {
  LayerId layer;
  std::string_view field;       // the spec field: "hidden", "qk", "width" (a string literal)
  std::int32_t index = kUnset;  // which element of the field, for fields with one value per head
  AxisKind kind = AxisKind::kImage;
  Index size = 0;
  Index copies = 1;  // how often the field's value repeats it (splits of an embedding)
  AxisId owner;      // an axis one of whose units owns this axis (a head its QK and V)
  Index owner_unit = 0;
  bool held = false;          // not free to be pruned
  LayerId held_by;            // the layer that holds it
  std::string_view held_why;  // and why (a string literal)
};

/// The channels of a value, or one dimension of a parameter: axes laid end to end. An axis may
/// occur more than once: the embedding of a stage with h splits is one axis h times, which declares
/// that its splits shrink together.
using Extent = IdList<AxisId>;

/// By axis the units that stay, in ascending order; an axis without an entry keeps all.
using KeptUnits = core::IdVector<AxisId, std::optional<std::vector<Index>>>;

}  // namespace vitlab::graph
