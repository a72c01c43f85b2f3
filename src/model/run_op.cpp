#include "model/run_op.h"

#include <string>
#include <variant>

#include "core/error.h"
#include "model/expert_ops.h"

namespace vitlab::model {

namespace {

constexpr double kNormMomentum = 0.1;

at::Tensor activated(const at::Tensor& x, graph::Activation activation) {
  switch (activation) {
    case graph::Activation::kRelu:
      return at::relu(x);
    case graph::Activation::kHardswish:
      return at::hardswish(x);
    case graph::Activation::kGelu:
      return at::gelu(x);
    case graph::Activation::kSilu:
      return at::silu(x);
    case graph::Activation::kSigmoid:
      return at::sigmoid(x);
    case graph::Activation::kHardsigmoid:
      return at::hardsigmoid(x);
    case graph::Activation::kRelu6:
      return at::hardtanh(x, 0, 6);
  }
  return x;
}

/// A vector over channels in the shape that broadcasts against `x`.
at::Tensor along(const at::Tensor& vector, const at::Tensor& x, graph::Index dim) {
  std::vector<graph::Index> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[static_cast<std::size_t>(dim)] = vector.size(0);
  return vector.view(shape);
}

/// One overload per op and no catch-all: an op without one does not compile.
struct OpRunner {
  const OpCall& call;

  at::Tensor in_model_dtype(const at::Tensor& constant) const {
    return constant.to(call.weights.tensors.front().scalar_type());
  }

  const at::Tensor& x(std::size_t i = 0) const { return call.inputs[i]; }
  const at::Tensor& weight(std::size_t i) const { return call.weights[call.node.parameters[i]]; }
  at::Tensor optional_weight(std::size_t i) const {
    return i < call.node.parameters.size() ? weight(i) : at::Tensor();
  }
  const graph::Value& in(std::size_t i = 0) const { return call.graph.value(call.node.inputs[i]); }
  const graph::Value& out() const { return call.graph.value(call.node.output); }

  /// Whether operand `i` is a value without images beside a batched one, whose leading dimension
  /// counts windows.
  bool repeats(std::size_t i) const {
    const graph::Value& value = in(i);
    return !value.batched && out().batched && call.images > 1 &&
           value.shape.rank() == out().shape.rank() && value.shape[0] > 1;
  }
  /// Such an operand repeated for every image.
  at::Tensor beside_batch(std::size_t i) const {
    if (!repeats(i)) return x(i);
    std::vector<graph::Index> times(static_cast<std::size_t>(in(i).shape.rank()), 1);
    times[0] = call.images;
    return x(i).repeat(times);
  }

  at::Tensor operator()(const graph::Convolution& op) const {
    // Forward and backward of a depthwise convolution take 2.8 times longer in planes (5 x 5, 16
    // channels, windows of 7 x 7; copies counted).
    const bool wants_pixels = call.training && op.groups > 1 && x().device().is_cpu();
    const at::Tensor input = wants_pixels ? x().contiguous(at::MemoryFormat::ChannelsLast) : x();
    return at::conv2d(input, weight(0), optional_weight(1), op.stride, op.padding, 1, op.groups);
  }
  at::Tensor operator()(const graph::Linear&) const {
    return at::linear(x(), weight(0), optional_weight(1));
  }
  at::Tensor operator()(const graph::MatrixMultiply& op) const {
    const at::Tensor a = beside_batch(0), b = beside_batch(1);
    return at::matmul(op.transpose_left ? a.transpose(-2, -1) : a,
                      op.transpose_right ? b.transpose(-2, -1) : b);
  }
  at::Tensor operator()(const graph::BatchNorm& op) const {
    if (call.training && x().numel() == x().size(1))
      throw core::UserError(
          "batch norm '" + call.graph.node_name(call.node) +
          "' sees one value per channel while training; use a batch of at least 2");
    // LibTorch 2.11's backward on the CPU takes the one image of a map in pixel order for one in
    // planes, or the other way round, and gives wrong gradients; rows of positions have one order.
    const bool is_mistaken = x().requires_grad() && x().dim() == 4 && x().size(0) == 1;
    const at::Tensor map = is_mistaken ? x().flatten(2).contiguous() : x();
    const at::Tensor normed =
        at::batch_norm(map, weight(0), weight(1), weight(2), weight(3), call.training,
                       kNormMomentum, op.epsilon, at::globalContext().userEnabledCuDNN());
    return is_mistaken ? normed.view(x().sizes()) : normed;
  }
  at::Tensor operator()(const graph::LayerNorm& op) const {
    const graph::Index dim = in().channel_dim, channels = x().size(dim);
    if (call.channel_mask.defined()) return masked_layer_norm(op.epsilon, dim);
    if (dim == x().dim() - 1)
      return at::layer_norm(x(), {channels}, weight(0), weight(1), op.epsilon);
    const at::Tensor last =
        at::layer_norm(x().movedim(dim, -1), {channels}, weight(0), weight(1), op.epsilon);
    return last.movedim(-1, dim).contiguous();
  }
  at::Tensor operator()(const graph::Softmax&) const { return at::softmax(x(), -1); }
  at::Tensor operator()(const graph::Activate& op) const { return activated(x(), op.activation); }
  at::Tensor operator()(const graph::Add&) const { return x(0) + x(1); }
  at::Tensor operator()(const graph::AddBroadcast&) const {
    if (!repeats(1)) return x(0) + x(1);
    // One image a row, so that the addend need not be repeated for each.
    return (x(0).unflatten(0, {call.images, x(1).size(0)}) + x(1)).flatten(0, 1);
  }
  at::Tensor operator()(const graph::AddLeading&) const {
    const graph::Index own = x(0).size(1), shared = std::min(own, x(1).size(1));
    const at::Tensor sum = x(0).narrow(1, 0, shared) + x(1).narrow(1, 0, shared);
    return shared == own ? sum : at::cat({sum, x(0).narrow(1, shared, own - shared)}, 1);
  }
  at::Tensor operator()(const graph::Multiply&) const { return x(0) * beside_batch(1); }
  at::Tensor operator()(const graph::Scale& op) const { return x() * op.factor; }
  at::Tensor operator()(const graph::Reshape&) const {
    std::vector<graph::Index> shape(out().shape.begin(), out().shape.end());
    if (out().batched) shape[0] *= call.images;
    return x().reshape(shape);
  }
  at::Tensor operator()(const graph::Permute& op) const {
    std::vector<graph::Index> order(op.order.begin(), op.order.begin() + x().dim());
    return x().permute(order);
  }
  at::Tensor operator()(const graph::Concat& op) const {
    return at::cat(at::TensorList(call.inputs.data(), call.inputs.size()), op.dim);
  }
  at::Tensor operator()(const graph::Slice& op) const {
    return x().narrow(op.dim, op.begin, op.size);
  }
  at::Tensor operator()(const graph::Pad& op) const {
    // (left, right) pairs from the last dimension on.
    std::vector<graph::Index> sides(static_cast<std::size_t>(2 * (x().dim() - op.height_dim)), 0);
    sides.back() = op.rows;
    sides[sides.size() - 3] = op.columns;
    return at::constant_pad_nd(x(), sides);
  }
  at::Tensor operator()(const graph::Roll& op) const {
    return at::roll(x(), {op.rows, op.columns}, {op.height_dim, op.height_dim + 1});
  }
  at::Tensor operator()(const graph::GatherBias& op) const {
    return gathered_bias(op, weight(0), call.constant);
  }
  at::Tensor operator()(const graph::GatherTable& op) const {
    return gathered_bias({graph::BiasRule::kSignedOffset, op.height, op.width}, x(), call.constant);
  }
  at::Tensor operator()(const graph::ShiftMask&) const { return in_model_dtype(call.constant); }
  at::Tensor operator()(const graph::OffsetTable&) const { return in_model_dtype(call.constant); }
  at::Tensor operator()(const graph::L2Normalize& op) const {
    return x() / at::linalg_vector_norm(x(), 2, -1, true).clamp_min(op.epsilon);
  }
  at::Tensor operator()(const graph::LimitedExp& op) const {
    return x().clamp_max(op.maximum).exp();
  }
  at::Tensor operator()(const graph::Mean& op) const {
    std::vector<graph::Index> dims;
    for (int dim = op.first; dim <= op.last; ++dim) dims.push_back(dim);
    return x().mean(dims, op.keep);
  }
  at::Tensor operator()(const graph::Route& op) const { return routed(op, x()); }
  at::Tensor operator()(const graph::DispatchTokens&) const { return dispatched(x(0), x(1)); }
  at::Tensor operator()(const graph::ExpertLinear&) const {
    return by_expert(x(), weight(0), weight(1));
  }
  at::Tensor operator()(const graph::CombineTokens&) const { return combined(x(0), x(1), x(2)); }
  at::Tensor operator()(const graph::Broadcast&) const {
    std::vector<graph::Index> shape = x().sizes().vec();
    shape[0] = call.images;
    return x().expand(shape);
  }
  at::Tensor operator()(const graph::UseParameter&) const { return weight(0); }
  at::Tensor operator()(const graph::DropPath& op) const {
    if (!call.training || op.probability <= 0) return x();
    // One draw per image, for all of its windows.
    const graph::Index windows = in().batched ? in().shape[0] : x().size(0);
    const graph::Index images = in().batched ? call.images : 1;
    const at::Tensor draws = kept({images, 1}, op.probability).expand({images, windows});
    return x() * along(draws.reshape({images * windows}), x(), 0);
  }

  /// 1/(1-p) with probability 1-p, else 0.
  at::Tensor kept(at::IntArrayRef shape, double probability) const {
    const at::Tensor draws = at::rand(shape, call.generator, x().options().dtype(at::kFloat));
    return draws.ge(probability).to(x().scalar_type()) / (1 - probability);
  }

  /// Mean and variance over the kept channels only: what the sliced model computes.
  at::Tensor masked_layer_norm(double epsilon, graph::Index dim) const {
    const at::Tensor mask = along(call.channel_mask, x(), dim);
    const at::Tensor count = call.channel_mask.sum();
    const at::Tensor centred = x() - (x() * mask).sum(dim, true) / count;
    const at::Tensor variance = (centred * centred * mask).sum(dim, true) / count;
    return centred * at::rsqrt(variance + epsilon) * along(weight(0), x(), dim) +
           along(weight(1), x(), dim);
  }
};

}  // namespace

at::Tensor run_op(const OpCall& call) { return std::visit(OpRunner{call}, call.node.op); }

}  // namespace vitlab::model
