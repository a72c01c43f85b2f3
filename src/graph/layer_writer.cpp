#include "graph/layer_writer.h"

#include <algorithm>
#include <utility>

namespace vitlab::graph {

namespace {

const Initialiser kZeros{Initialiser::Kind::kZeros};
const Initialiser kOnes{Initialiser::Kind::kOnes};

Initialiser kaiming(Index fan_in) { return {Initialiser::Kind::kKaimingUniform, 0, fan_in}; }

}  // namespace

LayerWriter LayerWriter::part(const std::string& prefix, Index number, Index size) const {
  LayerWriter writer = *this;
  writer.prefix_ += prefix;
  writer.part_ = number;
  writer.part_size_ = size;
  return writer;
}

std::int32_t LayerWriter::element(std::int32_t index) const {
  if (part_ == kUnset) return index;
  return static_cast<std::int32_t>(index == kUnset ? part_ : part_ * part_size_ + index);
}

AxisId LayerWriter::axis(AxisKind kind, std::string_view field, Index size, std::int32_t index) {
  return graph_->add_axis(
      {.layer = layer_, .field = field, .index = element(index), .kind = kind, .size = size});
}

AxisId LayerWriter::owned_axis(AxisKind kind, std::string_view field, Index size,
                               std::int32_t index, AxisId owner, Index owner_unit) {
  return graph_->add_axis({.layer = layer_,
                           .field = field,
                           .index = element(index),
                           .kind = kind,
                           .size = size,
                           .owner = owner,
                           .owner_unit = owner_unit});
}

std::string LayerWriter::joined(const Name& name, std::string_view suffix) const {
  std::string text;
  if (!keeps_names_) return text;
  text.reserve(prefix_.size() + name.stem.size() + name.part.size() + suffix.size());
  return text.append(prefix_).append(name.stem).append(name.part).append(suffix);
}

ValueId LayerWriter::node(Op op, IdList<ValueId> inputs, IdList<ParameterId> used, Value result,
                          const Name& name) {
  const ValueId output = graph_->add_value(std::move(result));
  graph_->nodes.push_back({op, std::move(inputs), std::move(used), output, layer_, joined(name)});
  return output;
}

ParameterId LayerWriter::parameter(const Name& name, std::string_view suffix, const Shape& shape,
                                   std::vector<Extent> dims, Initialiser initialiser, bool decays,
                                   bool trained) {
  return graph_->add_parameter(
      {layer_, joined(name, suffix), shape, std::move(dims), trained, decays, initialiser});
}

ValueId LayerWriter::convolution(ValueId x, const Extent& out, const std::string& name,
                                 Index kernel, Index stride, Index padding, bool depthwise,
                                 bool bias) {
  return write_convolution(x, out, {name}, kernel, {stride, padding}, depthwise, bias);
}

ValueId LayerWriter::write_convolution(ValueId x, const Extent& out, const Name& name, Index kernel,
                                       const Convolution& how, bool depthwise, bool bias) {
  const Value in = (*this)[x];
  core::ensure(in.shape.rank() == 4 && in.channel_dim == 1,
               "a convolution reads a map (N, C, H, W)");
  const Index in_channels = in.shape[1], out_channels = graph_->size(out);
  if (depthwise) core::ensure(out == in.channels, "a depthwise convolution keeps its channels");
  const Index fan_in = (depthwise ? 1 : in_channels) * kernel * kernel;
  IdList<ParameterId> used{
      parameter(name, ".weight", {out_channels, depthwise ? 1 : in_channels, kernel, kernel},
                {out, depthwise ? Extent{} : in.channels, {}, {}}, kaiming(fan_in), true)};
  if (bias) used.push_back(parameter(name, ".bias", {out_channels}, {out}, kaiming(fan_in), false));
  const Index height = (in.shape[2] + 2 * how.padding - kernel) / how.stride + 1;
  const Index width = (in.shape[3] + 2 * how.padding - kernel) / how.stride + 1;
  core::ensure(height > 0 && width > 0, "a convolution leaves at least one pixel");
  return node(Convolution{how.stride, how.padding, depthwise ? in_channels : 1}, {x},
              std::move(used), {{in.shape[0], out_channels, height, width}, in.batched, 1, out},
              name);
}

ValueId LayerWriter::batch_norm(ValueId x, const std::string& name, bool zero_scale) {
  return write_batch_norm(x, {name}, zero_scale);
}

ValueId LayerWriter::write_batch_norm(ValueId x, const Name& name, bool zero_scale) {
  const Value in = (*this)[x];
  core::ensure(in.channel_dim == 1, "batch norm reads channels in dimension 1");
  const Index channels = in.shape[1];
  const auto part = [&](std::string_view which, Initialiser initialiser, bool trained) {
    return parameter(name, which, {channels}, {in.channels}, initialiser, false, trained);
  };
  return node(BatchNorm{}, {x},
              {part(".weight", zero_scale ? kZeros : kOnes, true), part(".bias", kZeros, true),
               part(".running_mean", kZeros, false), part(".running_var", kOnes, false)},
              in, name);
}

ValueId LayerWriter::layer_norm(ValueId x, const std::string& name, double epsilon,
                                bool zero_scale) {
  return write_layer_norm(x, {name}, epsilon, zero_scale);
}

ValueId LayerWriter::write_layer_norm(ValueId x, const Name& name, double epsilon,
                                      bool zero_scale) {
  const Value in = (*this)[x];
  core::ensure(in.channel_dim != kUnset, "layer norm reads labelled channels");
  const Index channels = in.shape[in.channel_dim];
  return node(
      LayerNorm{epsilon}, {x},
      {parameter(name, ".weight", {channels}, {in.channels}, zero_scale ? kZeros : kOnes, false),
       parameter(name, ".bias", {channels}, {in.channels}, kZeros, false)},
      in, name);
}

ValueId LayerWriter::conv_norm(ValueId x, const Extent& out, const std::string& name,
                               const ConvNorm& how) {
  const ValueId y =
      write_convolution(x, out, {name, ".conv"}, how.kernel, {how.stride, how.kernel / 2},
                        how.depthwise, how.norm == Norm::kNone);
  switch (how.norm) {
    case Norm::kBatch:
      return write_batch_norm(y, {name, ".norm"}, how.zero_scale);
    case Norm::kLayer:
      return write_layer_norm(y, {name, ".norm"}, 1e-6, how.zero_scale);
    case Norm::kNone:
      return y;
  }
  return y;
}

ValueId LayerWriter::linear(ValueId x, const Extent& out, const std::string& name, bool bias,
                            bool decays) {
  const Value in = (*this)[x];
  const int last = in.shape.rank() - 1;
  core::ensure(in.channel_dim == last || in.channel_dim == kUnset,
               "a linear layer reads channels in the last dimension");
  const Index out_channels = graph_->size(out);
  IdList<ParameterId> used{
      parameter({name}, ".weight", {out_channels, in.shape[last]}, {out, in.channels},
                {Initialiser::Kind::kTruncatedNormal, 0.02, in.shape[last]}, decays)};
  if (bias) used.push_back(parameter({name}, ".bias", {out_channels}, {out}, kZeros, false));
  Value result = in;
  result.shape[last] = out_channels;
  result.channel_dim = static_cast<std::int8_t>(last);
  result.channels = out;
  return node(Linear{}, {x}, std::move(used), std::move(result), {name});
}

ValueId LayerWriter::parameter_value(const Shape& shape, std::vector<Extent> dims, int channel_dim,
                                     const std::string& name, Initialiser initialiser,
                                     bool decays) {
  Value result{shape, false, static_cast<std::int8_t>(channel_dim), {}};
  if (channel_dim != kUnset) result.channels = dims[static_cast<std::size_t>(channel_dim)];
  const ParameterId id = parameter({name}, "", shape, std::move(dims), initialiser, decays);
  return node(UseParameter{}, {}, {id}, std::move(result), {name});
}

ValueId LayerWriter::position_bias(AxisId heads, Index height, Index width, BiasRule rule,
                                   const std::string& name) {
  const Index count = graph_->axis(heads).size, tokens = height * width;
  const bool absolute = rule == BiasRule::kAbsoluteOffset;
  const Index entries = absolute ? tokens : (2 * height - 1) * (2 * width - 1);
  const ParameterId table =
      absolute ? parameter({name}, "", {count, entries}, {{heads}, {}}, kZeros, false)
               : parameter({name}, "", {entries, count}, {{}, {heads}},
                           {Initialiser::Kind::kTruncatedNormal, 0.02, 0}, false);
  stands_for({absolute ? PlaceTable::Kind::kAbsolute : PlaceTable::Kind::kSigned, height, width});
  return node(GatherBias{rule, height, width}, {}, {table},
              {{count, tokens, tokens}, false, 0, {heads}}, {name, ".gather"});
}

ValueId LayerWriter::gather_table(ValueId table, Index height, Index width,
                                  const std::string& name) {
  const Value& in = (*this)[table];
  core::ensure(in.shape.rank() == 2 && in.channel_dim == 1 && !in.batched &&
                   in.shape[0] == (2 * height - 1) * (2 * width - 1),
               "a bias table has a row for each offset and a column for each head");
  const Index tokens = height * width;
  Value result{{in.shape[1], tokens, tokens}, false, 0, in.channels};
  return node(GatherTable{height, width}, {table}, {}, std::move(result), {name});
}

ValueId LayerWriter::shift_mask(const ShiftMask& mask, const std::string& name) {
  const Index tokens = mask.height * mask.width;
  return node(mask, {}, {}, {{mask.rows * mask.columns, tokens, tokens}, false, kUnset, {}},
              {name});
}

ValueId LayerWriter::offset_table(Index height, Index width, const std::string& name) {
  const Index entries = (2 * height - 1) * (2 * width - 1);
  return node(OffsetTable{height, width}, {}, {}, {{entries, 2}, false, kUnset, {}}, {name});
}

ValueId LayerWriter::matrix_multiply(ValueId a, ValueId b, bool transpose_left,
                                     bool transpose_right, const std::string& name) {
  const Value& left = (*this)[a];
  const Value& right = (*this)[b];
  const int rank = left.shape.rank();
  core::ensure(rank >= 3 && right.shape.rank() == rank, "matrix products read equal ranks");
  for (int i = 0; i < rank - 2; ++i)
    core::ensure(left.shape[i] == right.shape[i], "matrix products read equal batch dimensions");
  const Index rows = left.shape[transpose_left ? rank - 1 : rank - 2];
  const Index inner = left.shape[transpose_left ? rank - 2 : rank - 1];
  const Index inner_right = right.shape[transpose_right ? rank - 1 : rank - 2];
  const Index columns = right.shape[transpose_right ? rank - 2 : rank - 1];
  core::ensure(inner == inner_right, "matrix products read equal inner sizes");
  Value result{left.shape, left.batched || right.batched, kUnset, {}};
  result.shape[rank - 2] = rows;
  result.shape[rank - 1] = columns;
  return node(MatrixMultiply{transpose_left, transpose_right}, {a, b}, {}, std::move(result),
              {name});
}

ValueId LayerWriter::softmax(ValueId x, const std::string& name) {
  return node(Softmax{}, {x}, {}, (*this)[x], {name});
}

ValueId LayerWriter::activate(ValueId x, Activation activation, const std::string& name) {
  return node(Activate{activation}, {x}, {}, (*this)[x], {name});
}

ValueId LayerWriter::add(ValueId a, ValueId b, const std::string& name) {
  const Value& left = (*this)[a];
  const Value& right = (*this)[b];
  core::ensure(left.shape == right.shape && left.batched == right.batched,
               "added values have one shape");
  core::ensure(left.channel_dim == right.channel_dim && left.channels == right.channels,
               "added values are made of the same axes");
  return node(Add{}, {a, b}, {}, left, {name});
}

ValueId LayerWriter::residual(ValueId x, ValueId branch) {
  gate(branch);
  return add(x, branch, "residual");
}

void LayerWriter::hold(AxisId id, std::string_view why) {
  Axis& axis = graph_->axes[id];
  axis.held = true;
  axis.held_by = layer_;
  axis.held_why = why;
}

void LayerWriter::check_broadcast(ValueId x, ValueId constant) const {
  const Value& left = (*this)[x];
  const Value& right = (*this)[constant];
  core::ensure(!right.batched, "a broadcast value does not depend on the images");
  const int gap = left.shape.rank() - right.shape.rank();
  core::ensure(gap >= 0, "a broadcast value has at most the rank of the other");
  for (int i = 0; i < right.shape.rank(); ++i)
    core::ensure(right.shape[i] == 1 || right.shape[i] == left.shape[i + gap],
                 "a broadcast value fits the other's shape");
  if (left.channel_dim != kUnset && right.channel_dim == left.channel_dim - gap)
    core::ensure(left.channels == right.channels, "added values are made of the same axes");
}

ValueId LayerWriter::add_broadcast(ValueId x, ValueId constant, const std::string& name) {
  check_broadcast(x, constant);
  return node(AddBroadcast{}, {x, constant}, {}, (*this)[x], {name});
}

ValueId LayerWriter::add_leading(ValueId x, ValueId y, const std::string& name) {
  const Value& left = (*this)[x];
  const Value& right = (*this)[y];
  core::ensure(left.channel_dim == 1 && right.channel_dim == 1,
               "add_leading reads channels in dim 1");
  return node(AddLeading{}, {x, y}, {}, left, {name});
}

ValueId LayerWriter::multiply(ValueId x, ValueId per_channel, const std::string& name) {
  core::ensure((*this)[x].channels == (*this)[per_channel].channels,
               "multiplied values are made of the same axes");
  return node(Multiply{}, {x, per_channel}, {}, (*this)[x], {name});
}

ValueId LayerWriter::multiply_broadcast(ValueId x, ValueId constant, const std::string& name) {
  check_broadcast(x, constant);
  return node(Multiply{}, {x, constant}, {}, (*this)[x], {name});
}

ValueId LayerWriter::l2_normalize(ValueId x, const std::string& name) {
  return node(L2Normalize{}, {x}, {}, (*this)[x], {name});
}

ValueId LayerWriter::limited_exp(ValueId x, double maximum, const std::string& name) {
  return node(LimitedExp{maximum}, {x}, {}, (*this)[x], {name});
}

ValueId LayerWriter::scale(ValueId x, double factor, const std::string& name) {
  return node(Scale{factor}, {x}, {}, (*this)[x], {name});
}

ValueId LayerWriter::drop_path(ValueId x, double probability, const std::string& name) {
  if (probability <= 0) return x;
  return node(DropPath{probability}, {x}, {}, (*this)[x], {name});
}

ValueId LayerWriter::split(ValueId x, std::size_t first, std::size_t count,
                           const std::string& name) {
  const Value in = (*this)[x];
  core::ensure(in.channel_dim != kUnset && first + count <= in.channels.size() && count > 0,
               "a split falls on axis borders");
  if (count == in.channels.size()) return x;
  const auto begin = in.channels.begin() + static_cast<std::ptrdiff_t>(first);
  const Extent own(begin, begin + static_cast<std::ptrdiff_t>(count));
  const Index offset = graph_->offset(in.channels, first), size = graph_->size(own);
  Value result = in;
  result.shape[in.channel_dim] = size;
  result.channels = own;
  return node(Slice{in.channel_dim, offset, size}, {x}, {}, std::move(result), {name});
}

ValueId LayerWriter::slice(ValueId x, int dim, Index begin, Index size, const std::string& name) {
  Value result = (*this)[x];
  core::ensure(begin >= 0 && begin + size <= result.shape[dim], "a slice lies inside its value");
  if (dim == result.channel_dim) {
    result.channel_dim = kUnset;
    result.channels.clear();
  }
  result.shape[dim] = size;
  return node(Slice{dim, begin, size}, {x}, {}, std::move(result), {name});
}

ValueId LayerWriter::concat(const std::vector<ValueId>& parts, int dim, const std::string& name) {
  core::ensure(!parts.empty(), "a concatenation has parts");
  if (parts.size() == 1) return parts.front();
  Value result = (*this)[parts.front()];
  const bool joins_channels = dim == result.channel_dim;
  if (joins_channels) result.channels.clear();
  result.shape[dim] = 0;
  for (const ValueId part : parts) {
    const Value& value = (*this)[part];
    core::ensure(value.channel_dim == result.channel_dim,
                 "parts of a concatenation have one layout");
    if (joins_channels)
      result.channels.append(value.channels);
    else
      core::ensure(value.channels == result.channels, "parts of a concatenation share their axes");
    result.shape[dim] += value.shape[dim];
  }
  return node(Concat{dim}, IdList<ValueId>(parts), {}, std::move(result), {name});
}

ValueId LayerWriter::reshape(ValueId x, const Shape& shape, int channel_dim, const Extent& channels,
                             const std::string& name) {
  const Value& in = (*this)[x];
  core::ensure(in.shape.elements() == shape.elements(), "a reshape keeps its elements");
  if (channel_dim != kUnset)
    core::ensure(graph_->size(channels) == shape[channel_dim], "labels fit the labelled dimension");
  return node(Reshape{}, {x}, {},
              {shape, in.batched, static_cast<std::int8_t>(channel_dim), channels}, {name});
}

ValueId LayerWriter::permute(ValueId x, std::initializer_list<int> order, const std::string& name) {
  const Value in = (*this)[x];
  core::ensure(order.size() == static_cast<std::size_t>(in.shape.rank()),
               "a permutation is complete");
  Permute op;
  Value result = in;
  int i = 0;
  for (const int from : order) {
    op.order[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(from);
    result.shape[i] = in.shape[from];
    if (from == in.channel_dim) result.channel_dim = static_cast<std::int8_t>(i);
    ++i;
  }
  return node(op, {x}, {}, std::move(result), {name});
}

ValueId LayerWriter::pad(ValueId x, int height_dim, Index rows, Index columns,
                         const std::string& name) {
  if (rows == 0 && columns == 0) return x;
  Value result = (*this)[x];
  result.shape[height_dim] += rows;
  result.shape[height_dim + 1] += columns;
  return node(Pad{height_dim, rows, columns}, {x}, {}, std::move(result), {name});
}

ValueId LayerWriter::roll(ValueId x, int height_dim, Index rows, Index columns,
                          const std::string& name) {
  if (rows == 0 && columns == 0) return x;
  return node(Roll{height_dim, rows, columns}, {x}, {}, (*this)[x], {name});
}

ValueId LayerWriter::crop(ValueId x, int height_dim, Index height, Index width,
                          const std::string& name) {
  const Shape shape = (*this)[x].shape;
  if (shape[height_dim] != height) x = slice(x, height_dim, 0, height, name + ".rows");
  if (shape[height_dim + 1] != width) x = slice(x, height_dim + 1, 0, width, name + ".columns");
  return x;
}

ValueId LayerWriter::mean(ValueId x, bool keep, const std::string& name) {
  const Value in = (*this)[x];
  if (in.shape.rank() == 4 && in.channel_dim == 1) {
    Value result{{in.shape[0], in.shape[1]}, in.batched, 1, in.channels};
    if (keep) result.shape = {in.shape[0], in.shape[1], 1, 1};
    return node(Mean{2, 3, keep}, {x}, {}, std::move(result), {name});
  }
  core::ensure(!keep && in.channel_dim == in.shape.rank() - 1, "a mean reads a map or tokens");
  return node(Mean{1, in.shape.rank() - 2, false}, {x}, {},
              {{in.shape[0], in.shape.back()}, in.batched, 1, in.channels}, {name});
}

ValueId LayerWriter::broadcast(ValueId constant, const std::string& name) {
  Value result = (*this)[constant];
  core::ensure(!result.batched && result.shape[0] == 1, "one row is repeated for every image");
  result.batched = true;
  return node(Broadcast{}, {constant}, {}, std::move(result), {name});
}

void LayerWriter::tap(AttentionTap tap) {
  core::ensure((*this)[tap.maps.front()].shape.back() == tap.places.tokens(),
               "every token of an attention has a place");
  tap.layer = layer_;
  graph_->attention.push_back(std::move(tap));
}

}  // namespace vitlab::graph
