#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/axis.h"
#include "graph/op.h"
#include "graph/places.h"
#include "graph/shape.h"

namespace vitlab::graph {

/// What kind of work a layer does; mhsa_share counts attention against FFN layers.
enum class LayerRole : std::uint8_t {
  kStem,
  kAttention,
  kFfn,
  kTokenMixer,
  kNorm,
  kDownsample,
  kHead
};

/// One layer of the model: what nodes, parameters and axes belong to.
struct LayerInfo {
  std::string path;  // "stem", "stages.1.layers.3", "stages.2.downsample", "heads.0"
  std::string_view kind;
  LayerRole role = LayerRole::kStem;
  std::int32_t stage = kUnset;
};

/// One tensor that flows. With `batched`, the leading dimension is shape[0] times the number of
/// images; else the value does not depend on the images and is computed once per forward.
struct Value {
  Shape shape;
  bool batched = true;
  std::int8_t channel_dim = kUnset;  // the dimension that `channels` describes; kUnset: no labels
  Extent channels;
};

/// How a parameter starts.
struct Initialiser {
  enum class Kind : std::uint8_t { kZeros, kOnes, kTruncatedNormal, kKaimingUniform, kConstant };
  Kind kind = Kind::kZeros;
  double deviation = 0.02;  // of the truncated normal
  Index fan_in = 0;         // of Kaiming: uniform in ±1/sqrt(fan_in), as PyTorch's layers
  double value = 0;         // of the constant
};

struct Parameter {
  LayerId layer;
  std::string name;  // inside the layer: "pw1.conv.weight"
  Shape shape;
  std::vector<Extent> dims;  // one per dimension; an empty Extent is a dimension no axis owns
  bool trained = true;       // running statistics are not
  bool decays = true;        // whether weight decay applies
  Initialiser initialiser;
  std::optional<PlaceTable> table;  // if its shape follows the size of the images
};

struct Node {
  Op op;
  IdList<ValueId> inputs;
  IdList<ParameterId> parameters;
  ValueId output;
  LayerId layer;
  std::string name;  // inside the layer: "pw1.conv"
};

/// The attention maps of one layer, for taps and similarity: one value (N·windows, heads, Q, K), or
/// one value (N·windows, Q, K) a head.
struct AttentionTap {
  LayerId layer;
  std::string part;  // which of several attentions in the layer ("blocks.0"); empty: its only one
  std::vector<ValueId> maps;
  std::vector<ValueId> outputs;  // map · V of the same heads
  Index heads = 0;
  Index windows = 1;  // windows per image
  TokenPlaces places;
};

struct NamedOutput {
  std::string name;
  ValueId value;
};

/// Everything vitlab knows of a model. Only layers write it (through LayerWriter); cost, execution,
/// profiling, pruning and export read it.
class Graph {
 public:
  core::IdVector<LayerId, LayerInfo> layers;
  core::IdVector<AxisId, Axis> axes;
  core::IdVector<ValueId, Value> values;
  core::IdVector<ParameterId, Parameter> parameters;
  core::IdVector<NodeId, Node> nodes;
  std::vector<AttentionTap> attention;
  /// Values at whose channels pruning puts its gates: one place per axis and reader of it; of an
  /// embedding, what is added to its stage's residual stream or begins it anew.
  std::vector<ValueId> gates;
  std::vector<NamedOutput> outputs;
  ValueId input;
  TokenPlaces tokens;  // where the tokens (N, T, C) lie that a stem made of the images

  const Value& value(ValueId id) const { return values[id]; }
  const Parameter& parameter(ParameterId id) const { return parameters[id]; }
  const Axis& axis(AxisId id) const { return axes[id]; }
  const LayerInfo& layer(LayerId id) const { return layers[id]; }

  /// The number of channels of an extent.
  Index size(const Extent& extent) const;
  /// The channel position at which axis number `part` of an extent begins.
  Index offset(const Extent& extent, std::size_t part) const;

  /// Unique names: "stages.0.layers.1.pw1.conv.weight", "stages.0.layers.1.pw1.conv".
  std::string parameter_name(ParameterId id) const;
  std::string node_name(const Node& node) const;
  /// "stages.0.layers.2", "stages.3.layers.1.blocks.0".
  std::string attention_name(const AttentionTap& tap) const;
  /// "stages.0.layers.1.hidden", "stages.0.layers.2.qk[1]".
  std::string axis_name(AxisId id) const;

  /// What the layer adds to its input as the last thing it does, or none. A layer with such a
  /// branch can be left out of the model.
  ValueId residual_branch(LayerId layer) const;

  ValueId add_value(Value value);
  ParameterId add_parameter(Parameter parameter);
  AxisId add_axis(Axis axis);
};

/// The dimension of a parameter that counts classes, if one does.
std::optional<std::size_t> class_dim(const Graph& graph, ParameterId parameter);

/// Whether tensors of `shape` and `strides` can be seen as `wanted` without a copy (the rule of
/// PyTorch's view); gives the strides of the view if so.
bool view_strides(const Shape& shape, const Shape& strides, const Shape& wanted, Shape& result);
/// Strides of a dense tensor.
Shape dense_strides(const Shape& shape);

}  // namespace vitlab::graph
