#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace vitlab::graph {

enum class Norm : std::uint8_t { kBatch, kLayer, kNone };
struct NormRow {
  Norm value;
  std::string_view word;
};
inline constexpr std::array kNorms{NormRow{Norm::kBatch, "batch"}, NormRow{Norm::kLayer, "layer"},
                                   NormRow{Norm::kNone, "none"}};
static_assert(core::is_whole(kNorms));
constexpr const auto& choice_rows(Norm) { return kNorms; }

/// Settings of a convolution and the norm behind it.
struct ConvNorm {
  Index kernel = 1;
  Index stride = 1;
  bool depthwise = false;
  Norm norm = Norm::kBatch;
  bool zero_scale = false;  // the norm's weight starts at 0: a residual branch starts as nothing
};

/// What a layer writes itself with: one function per op, each of which checks shapes and axes,
/// names its node and parameters inside the layer, and gives back the new value.
class LayerWriter {
 public:
  /// Counting has no use for names: without `keeps_names`, nodes and parameters have none.
  LayerWriter(Graph& graph, LayerId layer, bool keeps_names = true)
      : graph_(&graph), layer_(layer), keeps_names_(keeps_names) {}

  /// A writer of the same layer for part `number` of a repeated structure: its names begin with
  /// `prefix`, its axes are the elements of their fields that belong to the part: `number` itself,
  /// or number · size + index for fields that hold `size` elements a part.
  LayerWriter part(const std::string& prefix, Index number, Index size) const;

  Graph& graph() { return *graph_; }
  const Value& operator[](ValueId id) const { return graph_->value(id); }
  LayerId layer() const { return layer_; }

  /// A new axis for the spec field `field` (a string literal), element `index` of it or kUnset.
  AxisId axis(AxisKind kind, std::string_view field, Index size, std::int32_t index = kUnset);
  AxisId owned_axis(AxisKind kind, std::string_view field, Index size, std::int32_t index,
                    AxisId owner, Index owner_unit);

  // --- values with weights
  /// Convolution without bias and a norm; with Norm::kNone a convolution with bias. Parameters
  /// "<name>.conv.weight" and "<name>.norm.{weight,bias,running_mean,running_var}".
  ValueId conv_norm(ValueId x, const Extent& out, const std::string& name,
                    const ConvNorm& how = {});
  ValueId convolution(ValueId x, const Extent& out, const std::string& name, Index kernel,
                      Index stride, Index padding, bool depthwise, bool bias);
  ValueId batch_norm(ValueId x, const std::string& name, bool zero_scale = false);
  ValueId layer_norm(ValueId x, const std::string& name, double epsilon, bool zero_scale = false);
  /// On the last dimension, which must be the channels (or without labels: an offset table).
  /// Weights start as truncated normals (0.02).
  ValueId linear(ValueId x, const Extent& out, const std::string& name, bool bias = true,
                 bool decays = true);
  /// A parameter as a value without images, e.g. a position embedding (1, T, C).
  ValueId parameter_value(const Shape& shape, std::vector<Extent> dims, int channel_dim,
                          const std::string& name, Initialiser initialiser, bool decays);
  /// A bias table gathered into (heads, T, T); `heads` is the heads' axis.
  ValueId position_bias(AxisId heads, Index height, Index width, BiasRule rule,
                        const std::string& name);
  /// A computed table (entries, heads), entries as in BiasRule::kSignedOffset, read into
  /// (heads, T, T).
  ValueId gather_table(ValueId table, Index height, Index width, const std::string& name);
  /// What ShiftMask describes: (windows, T, T).
  ValueId shift_mask(const ShiftMask& mask, const std::string& name);
  /// What OffsetTable describes: ((2·height - 1)(2·width - 1), 2), without labels.
  ValueId offset_table(Index height, Index width, const std::string& name);

  // --- arithmetic
  ValueId matrix_multiply(ValueId a, ValueId b, bool transpose_left, bool transpose_right,
                          const std::string& name);
  ValueId softmax(ValueId x, const std::string& name);
  ValueId activate(ValueId x, Activation activation, const std::string& name);
  ValueId add(ValueId a, ValueId b, const std::string& name);
  /// x + branch, the end of a layer that can be left out; gates the branch.
  ValueId residual(ValueId x, ValueId branch);
  ValueId add_broadcast(ValueId x, ValueId constant, const std::string& name);
  ValueId add_leading(ValueId x, ValueId y, const std::string& name);
  ValueId multiply(ValueId x, ValueId per_channel, const std::string& name);
  /// x · constant, broadcast by the rules of add_broadcast.
  ValueId multiply_broadcast(ValueId x, ValueId constant, const std::string& name);
  ValueId scale(ValueId x, double factor, const std::string& name);
  /// Over the last dimension.
  ValueId l2_normalize(ValueId x, const std::string& name);
  ValueId limited_exp(ValueId x, double maximum, const std::string& name);
  ValueId drop_path(ValueId x, double probability, const std::string& name);

  // --- experts
  /// Slots (N, experts, capacity) of a Route over gates (N, T, experts).
  ValueId route(ValueId gates, Index top_k, Index capacity, const std::string& name);
  ValueId dispatch(ValueId tokens, ValueId routes, const std::string& name);
  /// `experts` is the experts' axis; weights start as those of linear().
  ValueId expert_linear(ValueId x, AxisId experts, const Extent& out, Index chosen,
                        const std::string& name);
  ValueId combine(ValueId slots, ValueId gates, ValueId routes, const std::string& name);

  // --- movement
  /// The axes [first, first + count) of a value's channels: slices fall on axis borders.
  ValueId split(ValueId x, std::size_t first, std::size_t count, const std::string& name);
  /// A slice of an unlabelled dimension (one head of a bias table).
  ValueId slice(ValueId x, int dim, Index begin, Index size, const std::string& name);
  /// Joins values along `dim`; their axes are laid end to end if it is the channel dimension.
  ValueId concat(const std::vector<ValueId>& parts, int dim, const std::string& name);
  /// A new shape of the same elements. `channel_dim` and `channels` label the result (kUnset:
  /// none).
  ValueId reshape(ValueId x, const Shape& shape, int channel_dim, const Extent& channels,
                  const std::string& name);
  ValueId permute(ValueId x, std::initializer_list<int> order, const std::string& name);
  ValueId pad(ValueId x, int height_dim, Index rows, Index columns, const std::string& name);
  /// Cyclic shift of two neighbouring dimensions, towards larger positions; none if both are 0.
  ValueId roll(ValueId x, int height_dim, Index rows, Index columns, const std::string& name);
  ValueId crop(ValueId x, int height_dim, Index height, Index width, const std::string& name);
  /// A map (N, C, H, W) to its mean (N, C), or (N, C, 1, 1) if `keep`; tokens (N, T, C) and pixel
  /// tokens (N, H, W, C) to (N, C).
  ValueId mean(ValueId x, bool keep, const std::string& name);
  ValueId broadcast(ValueId constant, const std::string& name);

  /// Marks the channels of `x` as the place where pruning gates their axes.
  void gate(ValueId x) { graph_->gates.push_back(x); }
  /// Keeps an axis from being pruned; `why` (a string literal) goes on from "held, since".
  void hold(AxisId axis, std::string_view why);
  /// Says that the entries of the parameter written last stand for places.
  void stands_for(const PlaceTable& table) { graph_->parameters.back().table = table; }
  void tap(AttentionTap tap);

 private:
  /// A name in two parts, joined only where it is kept.
  struct Name {
    std::string_view stem, part;
  };
  /// Whether a value without images fits `x` by broadcasting; throws if it does not.
  void check_broadcast(ValueId x, ValueId constant) const;
  std::int32_t element(std::int32_t index) const;
  std::string joined(const Name& name, std::string_view suffix = "") const;

  ValueId node(Op op, IdList<ValueId> inputs, IdList<ParameterId> used, Value result,
               const Name& name);
  ParameterId parameter(const Name& name, std::string_view suffix, const Shape& shape,
                        std::vector<Extent> dims, Initialiser initialiser, bool decays,
                        bool trained = true);
  ValueId write_convolution(ValueId x, const Extent& out, const Name& name, Index kernel,
                            const Convolution& how, bool depthwise, bool bias);
  ValueId write_batch_norm(ValueId x, const Name& name, bool zero_scale);
  ValueId write_layer_norm(ValueId x, const Name& name, double epsilon, bool zero_scale);

  Graph* graph_;
  LayerId layer_;
  bool keeps_names_;
  std::string prefix_;
  Index part_ = kUnset;  // number of the part, and how many elements a part has
  Index part_size_ = 0;
};

}  // namespace vitlab::graph
