#include "model/weights.h"

#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include <ATen/CPUGeneratorImpl.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/names.h"

namespace vitlab::model {

namespace {

at::ScalarType type_of(graph::Dtype dtype) {
  switch (dtype) {
    case graph::Dtype::kFloat32:
      return at::kFloat;
    case graph::Dtype::kBfloat16:
      return at::kBFloat16;
    case graph::Dtype::kFloat16:
      return at::kHalf;
    case graph::Dtype::kFloat64:
      return at::kDouble;
  }
  return at::kFloat;
}

at::IntArrayRef sizes(const graph::Shape& shape) {
  return {shape.begin(), static_cast<std::size_t>(shape.rank())};
}

/// Normal with values beyond ±2 drawn anew: what timm's trunc_normal_ means.
at::Tensor truncated_normal(at::Tensor tensor, double deviation, at::Generator generator) {
  tensor.normal_(0, deviation, generator);
  for (;;) {
    const at::Tensor outside = tensor.abs().gt(2);
    if (!outside.any().item<bool>()) return tensor;
    tensor = at::where(outside, at::empty_like(tensor).normal_(0, deviation, generator), tensor);
  }
}

at::Tensor draw(const graph::Parameter& parameter, std::uint64_t seed) {
  const graph::Initialiser& how = parameter.initialiser;
  const at::Tensor tensor = at::zeros(sizes(parameter.shape), at::kDouble);
  const at::Generator generator = at::detail::createCPUGenerator(seed);
  switch (how.kind) {
    case graph::Initialiser::Kind::kZeros:
      return tensor;
    case graph::Initialiser::Kind::kOnes:
      return tensor.fill_(1);
    case graph::Initialiser::Kind::kConstant:
      return tensor.fill_(how.value);
    case graph::Initialiser::Kind::kTruncatedNormal:
      return truncated_normal(tensor, how.deviation, generator);
    case graph::Initialiser::Kind::kKaimingUniform: {
      const double bound = 1 / std::sqrt(static_cast<double>(how.fan_in));
      return tensor.uniform_(-bound, bound, generator);
    }
  }
  return tensor;
}

}  // namespace

at::ScalarType scalar_type(graph::Dtype dtype) {
  if (!core::choice_row(dtype).runs)
    core::refuse_word("dtype", core::word_of(dtype), graph::dtype_words(&graph::DtypeRow::runs));
  return type_of(dtype);
}

graph::Dtype dtype_of(at::ScalarType type) {
  for (const graph::DtypeRow& row : graph::kDtypes)
    if (row.runs && type_of(row.value) == type) return row.value;
  core::ensure(false, "models run in no other dtypes");
  return {};
}

Weights initial_weights(const graph::Graph& graph, std::uint64_t seed, at::ScalarType dtype) {
  Weights weights;
  for (const graph::ParameterId i : graph.parameters.ids()) {
    const std::string name = graph.parameter_name(i);
    weights.tensors.push_back(draw(graph.parameters[i], core::mix64(seed, name)).to(dtype));
  }
  return weights;
}

Weights with_new_classes(const graph::Graph& graph, Weights weights, std::uint64_t seed) {
  const Weights drawn = initial_weights(graph, seed);
  for (const graph::ParameterId id : graph.parameters.ids())
    if (graph::class_dim(graph, id)) weights[id] = drawn[id].to(weights[id].scalar_type());
  return weights;
}

Weights converted(const Weights& weights, at::ScalarType dtype, at::Device device) {
  Weights result;
  for (const at::Tensor& tensor : weights.tensors)
    result.tensors.push_back(tensor.detach().to(device, dtype));
  return result;
}

Weights copied(const Weights& weights) {
  Weights result;
  for (const at::Tensor& tensor : weights.tensors)
    result.tensors.push_back(tensor.detach().clone());
  return result;
}

void require_gradients(const graph::Graph& graph, Weights& weights) {
  for (const graph::ParameterId id : graph.parameters.ids())
    weights[id].requires_grad_(graph.parameter(id).trained);
}

std::vector<graph::Index> units_left(const graph::Graph& graph, const graph::KeptUnits& kept,
                                     graph::AxisId axis) {
  const graph::Axis& a = graph.axis(axis);
  if (a.owner.valid()) {
    const std::vector<graph::Index> owners = units_left(graph, kept, a.owner);
    if (std::find(owners.begin(), owners.end(), a.owner_unit) == owners.end()) return {};
  }
  if (axis.index() < kept.size() && kept[axis]) return *kept[axis];
  std::vector<graph::Index> all(static_cast<std::size_t>(a.size));
  std::iota(all.begin(), all.end(), graph::Index{0});
  return all;
}

Weights slice_weights(const graph::Graph& graph, const Weights& weights,
                      const graph::KeptUnits& kept) {
  Weights result;
  for (const graph::ParameterId i : graph.parameters.ids()) {
    const graph::Parameter& parameter = graph.parameters[i];
    at::Tensor tensor = weights[i].detach();
    for (std::size_t dim = 0; dim < parameter.dims.size(); ++dim) {
      const graph::Extent& extent = parameter.dims[dim];
      if (extent.empty()) continue;
      std::vector<graph::Index> wanted;
      for (std::size_t part = 0; part < extent.size(); ++part)
        for (const graph::Index unit : units_left(graph, kept, extent[part]))
          wanted.push_back(graph.offset(extent, part) + unit);
      if (static_cast<graph::Index>(wanted.size()) == tensor.size(static_cast<graph::Index>(dim)))
        continue;
      const at::Tensor index = at::tensor(wanted, at::kLong).to(tensor.device());
      tensor = tensor.index_select(static_cast<graph::Index>(dim), index);
    }
    result.tensors.push_back(tensor.clone());
  }
  return result;
}

AxisTensors masks_of(const graph::Graph& graph, const graph::KeptUnits& kept, at::ScalarType dtype,
                     at::Device device) {
  AxisTensors masks(graph.axes.size());
  for (const graph::AxisId i : graph.axes.ids()) {
    const std::vector<graph::Index> left = units_left(graph, kept, i);
    if (static_cast<graph::Index>(left.size()) == graph.axes[i].size) continue;
    at::Tensor mask = at::zeros({graph.axes[i].size}, at::kDouble);
    for (const graph::Index unit : left) mask[unit].fill_(1);
    masks[i] = mask.to(device, dtype);
  }
  return masks;
}

at::Tensor bias_index(const graph::GatherBias& gather) {
  const graph::Index height = gather.height, width = gather.width, tokens = height * width;
  std::vector<graph::Index> index;
  index.reserve(static_cast<std::size_t>(tokens * tokens));
  for (graph::Index query = 0; query < tokens; ++query) {
    for (graph::Index key = 0; key < tokens; ++key) {
      const graph::Index dy = query / width - key / width, dx = query % width - key % width;
      index.push_back(gather.rule == graph::BiasRule::kAbsoluteOffset
                          ? std::abs(dy) * width + std::abs(dx)
                          : (dy + height - 1) * (2 * width - 1) + dx + width - 1);
    }
  }
  return at::tensor(index, at::kLong).view({tokens, tokens});
}

at::Tensor gathered_bias(const graph::GatherBias& gather, const at::Tensor& table,
                         const at::Tensor& index) {
  const graph::Index tokens = index.size(0);
  if (gather.rule == graph::BiasRule::kAbsoluteOffset)
    return table.index_select(1, index.flatten()).view({-1, tokens, tokens});
  return table.index_select(0, index.flatten())
      .view({tokens, tokens, -1})
      .permute({2, 0, 1})
      .contiguous();
}

}  // namespace vitlab::model
